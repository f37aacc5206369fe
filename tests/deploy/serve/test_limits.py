from dataclasses import fields

from mmexp.deploy.serve.limits import Limits


def test_every_limit_is_positive_and_a_whole_queue_can_be_batched() -> None:
    limits = Limits()
    assert all(getattr(limits, one.name) > 0 for one in fields(limits) if one.name != "share")
    assert limits.batch <= limits.queue and limits.wait < limits.explain < limits.answer
