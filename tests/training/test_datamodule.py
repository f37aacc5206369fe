from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from mmexp.config.training import TrainingConfig
from mmexp.contract import Padded, Sample, Split
from mmexp.dataset.base import MultimodalDataset
from mmexp.hardware.base import Hardware
from mmexp.training import datamodule
from mmexp.training.datamodule import DataModule, PreparedSplit
from mmexp.training.sampler import Draw
from mmexp.transform.base import Transform


class Noisy(Transform):
    """Adds noise to a number; counts how often it prepares."""

    def __init__(self) -> None:
        self.prepared = 0

    def prepare(self, raw: float) -> np.ndarray:
        self.prepared += 1
        return np.array([raw])

    def augment(self, prepared: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return prepared + generator.random()

    def collate(self, items: Sequence[np.ndarray | None]) -> Padded:
        rows = np.stack([np.zeros(1) if item is None else item for item in items])
        return Padded(torch.from_numpy(rows), torch.tensor([item is not None for item in items]))


class Numbers(MultimodalDataset):
    """Sample i holds i; every third one lacks its sound."""

    def __init__(self, **sizes: int) -> None:
        self.sizes = sizes

    def split(self, name: Split) -> list[Sample]:
        return samples(self.sizes[name])

    def prepare(self): ...

    def describe(self): ...

    def texts(self): ...

    def values(self, target): ...

    def fingerprint(self): ...


def samples(count: int) -> list[Sample]:
    return [Sample(str(i), {"a": i} if i % 3 == 0 else {"a": i, "b": -i}, {"y": i}) for i in range(count)]


def prepared(count: int = 12, seed: int | None = 7) -> PreparedSplit:
    return PreparedSplit(samples(count), inputs={"a": Noisy(), "b": Noisy()}, targets={"y": Noisy()}, seed=seed)


def make(train: int = 12, evaluate: int = 7, workers: int = 0, **training: Any) -> DataModule:
    return DataModule(
        dataset=Numbers(train=train, val=evaluate, test=evaluate + 1),
        inputs={"b": Noisy(), "a": Noisy()},
        targets={"y": Noisy()},
        training=TrainingConfig(**{"batch_size": 4, "epochs": 3, **training}),
        hardware=Hardware(num_workers=workers),
        seed=7,
    )


def test_a_sample_varies_by_seed_epoch_and_index_alone():
    first, second = prepared(), prepared()
    draws = [Draw(i, epoch) for i in range(12) for epoch in range(2)]
    forwards = {draw: first[draw] for draw in draws}
    backwards = {draw: second[draw] for draw in reversed(draws)}
    assert all(forwards[draw] == backwards[draw] for draw in draws)
    noise = [float(forwards[draw].inputs["a"][0] - draw.index) for draw in draws]
    assert len(set(noise)) == len(draws)
    assert prepared(seed=8)[Draw(1, 0)].inputs["a"] != forwards[Draw(1, 0)].inputs["a"]


def test_evaluation_varies_nothing():
    sample = prepared(seed=None)[Draw(4, 0)]
    assert (sample.id, sample.inputs, sample.targets) == ("4", {"a": [4], "b": [-4]}, {"y": [4]})


def test_only_the_modalities_asked_for_are_read():
    split = PreparedSplit(samples(3), inputs={"b": Noisy()}, targets={}, seed=None)
    assert split[Draw(0, 0)].inputs == {} and set(split[Draw(1, 0)].inputs) == {"b"}
    assert split.collate([split[Draw(1, 0)]]).targets == {}


def test_the_deterministic_half_runs_once_while_there_is_room(monkeypatch):
    split = prepared()
    for epoch in range(3):
        for index in range(12):
            split[Draw(index, epoch)]
    assert split.inputs["a"].prepared == 12

    monkeypatch.setattr(datamodule, "CACHE_BYTES", 100)
    tight = prepared()
    for epoch in range(3):
        for index in range(12):
            tight[Draw(index, epoch)]
    assert 12 < tight.inputs["a"].prepared < 36


def test_a_batch_marks_what_a_sample_lacks_and_leaves_out_a_target_nobody_has():
    split = prepared(seed=None)
    batch = split.collate([split[Draw(2, 0)], split[Draw(3, 0)]])
    assert batch.ids == ("2", "3") and list(batch.inputs) == ["a", "b"]
    assert batch.inputs["b"].mask.tolist() == [True, False] and batch.targets["y"].values.flatten().tolist() == [2, 3]
    bare = PreparedSplit([Sample("x", {"a": 1}, {})], inputs={"a": Noisy()}, targets={"y": Noisy()}, seed=None)
    assert bare.collate([bare[Draw(0, 0)]]).targets == {}


def seen(data: DataModule) -> list[tuple[Any, ...]]:
    return [
        (batch.ids, *(padded.values.flatten().tolist() for padded in (*batch.inputs.values(), batch.targets["y"])))
        for batch in data.train_dataloader()
    ]


def test_workers_change_nothing():
    alone, two = make(workers=0), make(workers=2)
    assert seen(alone) == seen(two)
    evaluated = [[batch.ids for batch in data.test_dataloader()] for data in (alone, two)]
    assert evaluated[0] == evaluated[1] == [("0", "1", "2", "3"), ("4", "5", "6", "7")]


def test_a_resumed_run_sees_the_same_batches():
    whole, resumed = make(), make()
    resumed.load_state_dict({"batches": 5})
    assert seen(resumed) == seen(whole)[5:]
    assert resumed.state_dict() == {"batches": 5}


def test_the_state_is_the_number_of_batches_trained_on():
    data = make()
    progress = SimpleNamespace(current=SimpleNamespace(ready=8))
    data.trainer = SimpleNamespace(fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress)))
    assert data.state_dict() == {"batches": 8}


@pytest.mark.parametrize(
    ("train", "training", "interval", "total"),
    [
        (12, {}, 3, 9),
        (13, {"epochs": 2}, 4, 8),
        (13, {"accumulate": 3}, 6, 18),
        (12, {"epochs": 6, "validate_every": 2}, 6, 18),
        (13, {"epochs": 6, "validate_every": 2, "accumulate": 3}, 9, 27),
    ],
)
def test_validations_fall_on_whole_optimizer_steps_and_the_run_ends_with_one(train, training, interval, total):
    data = make(train, **training)
    assert (data.interval, data.total, len(seen(data))) == (interval, total, total)


def test_evaluation_sees_every_sample_once_over_all_processes():
    ids: list[str] = []
    for rank in range(3):
        data = make()
        data.trainer = SimpleNamespace(global_rank=rank, world_size=3)
        ids += [i for batch in data.val_dataloader() for i in batch.ids]
    assert sorted(ids) == [str(i) for i in range(7)]


def test_inputs_keep_their_order():
    assert [list(batch.inputs) for batch in make().sequence(samples(2))] == [["b", "a"]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_loader_processes_serve_on_when_all_processes_are_asked_to_stop(number):
    batches = iter(make(workers=1).val_dataloader())
    seen = [next(batches).ids]
    for process in multiprocessing.active_children():
        os.kill(process.pid, number)
    seen += [batch.ids for batch in batches]
    assert seen == [("0", "1", "2", "3"), ("4", "5", "6")]
