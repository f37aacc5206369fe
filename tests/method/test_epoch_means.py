from __future__ import annotations

from types import SimpleNamespace

from mmexp.method.epoch_means import EpochMeansCallback


def run(callback: EpochMeansCallback, *batches: int) -> list[float]:
    found: list[float] = []
    trainer = SimpleNamespace(datamodule=SimpleNamespace(per_epoch=3))
    module = SimpleNamespace(log=lambda name, value, batch_size: found.append(value))
    for batch in batches:
        callback.on_train_batch_end(trainer, module, None, None, batch)
    return found


def make() -> EpochMeansCallback:
    values = iter(range(1, 10))
    return EpochMeansCallback(lambda: {"share": float(next(values))})


def test_a_mean_begins_anew_in_each_epoch():
    assert run(make(), 0, 1, 2, 3, 4) == [1.0, 1.5, 2.0, 4.0, 4.5]


def test_a_resumed_run_goes_on_with_the_mean():
    first, second = make(), EpochMeansCallback(lambda: {"share": 6.0})
    run(first, 0, 1)
    second.load_state_dict(first.state_dict())
    assert run(second, 2, 3) == [3.0, 6.0]
