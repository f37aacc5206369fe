from mmexp.deploy.serve.refusal import Refusal


def test_a_refusal_says_what_must_be_and_when_to_come_back() -> None:
    refusal = Refusal(503, "queue_full", "queue must have at most 3 requests, got one more.", retry_after=1)
    assert (refusal.status, refusal.code, refusal.retry_after) == (503, "queue_full", 1)
    assert str(refusal) == "queue must have at most 3 requests, got one more."
