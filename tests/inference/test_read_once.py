from __future__ import annotations

import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mmexp.contract import Batch, Padded, Sample, Tokens, Waveform
from mmexp.corruption.catalogue import corruptions
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples
from mmexp.inference.read_once import ReadOnce
from mmexp.training.model import KnownTokens, encoded
from mmexp.transform.vector import VectorTransform


class Counted(Samples):
    """Two samples, the values of which count how often they are read."""

    def __init__(self) -> None:
        self.reads: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return 2

    def sample(self, index: int) -> Sample:
        def read(name: str) -> Any:
            self.reads.append((index, name))
            return np.full(3, index, np.float32)

        return Sample(f"s{index}", Lazy(("left", "right"), read), {"label": [index]})


class Watched(VectorTransform):
    """Count what is prepared."""

    def prepare(self, raw: Any) -> np.ndarray:
        self.prepared = getattr(self, "prepared", 0) + 1
        return super().prepare(raw)


@pytest.fixture
def counted() -> Counted:
    return Counted()


def test_a_value_is_read_when_it_is_asked_for_and_once(counted: Counted):
    once = ReadOnce(counted)
    assert [list(sample.inputs) for sample in once] == [["left", "right"]] * 2 and counted.reads == []
    for _ in range(3):
        assert [one.inputs["left"].tolist() for one in once] == [[0, 0, 0], [1, 1, 1]]
    assert counted.reads == [(0, "left"), (1, "left")]
    assert once[0].targets["label"] is once[0].targets["label"]


def test_what_is_kept_is_prepared_once_by_each_transform(counted: Counted):
    once, one, other = ReadOnce(counted), Watched(width=3), Watched(width=3, mean=1.0)
    for _ in range(3):
        assert once.prepare(one, once[1].inputs["left"]).tolist() == [1, 1, 1]
        assert once.prepare(other, once[1].inputs["left"]).tolist() == [0, 0, 0]
    assert (one.prepared, other.prepared) == (1, 1)


def test_a_changed_value_is_prepared_anew(counted: Counted):
    once, transform = ReadOnce(counted), Watched(width=3)
    for shift in (1, 2):
        changed = once[0].inputs["left"] + np.float32(shift)
        assert once.prepare(transform, changed).tolist() == [shift] * 3
    assert transform.prepared == 2


def test_another_split_has_values_of_its_own():
    one, other = Counted(), Counted()
    assert ReadOnce(one)[0].inputs["left"] is not ReadOnce(other)[0].inputs["left"]
    assert one.reads == other.reads == [(0, "left")]


def test_a_batch_of_the_split_is_collated_once_and_one_of_other_values_anew(counted: Counted):
    once = ReadOnce(counted)
    whole, altered = (once.transforms({"left": Watched(width=3)}, keep)["left"] for keep in (True, False))
    rows = [whole.prepare(sample.inputs["left"]) for sample in once]
    first = whole.collate(rows)
    assert whole.collate(rows) is first and altered.own is not whole.own
    altered.own = whole.own
    assert altered.collate(rows) is first, "what an alteration leaves as it is"
    others = [altered.collate([rows[0], None]), altered.collate(rows[::-1]), altered.collate([rows[0], rows[1] + 1])]
    assert [one.values[:, 0].tolist() for one in others] == [[0, 0], [1, 0], [0, 2]]
    assert altered.collate([rows[0], None]) is not others[0], "batches of altered samples are not kept"


def test_an_encoder_is_asked_once_for_a_batch_that_is_kept(counted: Counted):
    once, given = ReadOnce(counted), []

    class Encoder(nn.Module):
        def forward(self, inputs: Padded) -> Tokens:
            given.append(inputs)
            return Tokens(inputs.values[:, None], inputs.mask[:, None])

    task = SimpleNamespace(reads=("right",))
    encoders = nn.ModuleDict({"left": Encoder(), "right": Encoder()})
    transforms = once.transforms({name: VectorTransform(width=3) for name in encoders}, whole=True)
    for _ in range(3):
        inputs = {
            name: own.collate([own.prepare(sample.inputs[name]) for sample in once]) for name, own in transforms.items()
        }
        batch = once.known(Batch(inputs, {}, ("s0", "s1")))
        with once.watching(SimpleNamespace(encoders=encoders, task=task)):
            found = {name: encoded(encoder, batch.inputs[name]) for name, encoder in encoders.items()}
        assert torch.equal(found["left"].features, inputs["left"].values[:, None])
    assert len(given) == 1 + 3, "the task reads the right input itself, which is then given as it is"
    assert isinstance(batch.inputs["left"], KnownTokens) and batch.inputs["right"] is inputs["right"]


def test_beyond_the_limit_values_are_read_again_and_the_same(counted: Counted):
    once, transform = ReadOnce(counted, limit=30), Watched(width=3)
    for _ in range(2):
        assert [once.prepare(transform, one.inputs["left"]).tolist() for one in once] == [[0] * 3, [1] * 3]
    assert once.used == 24 and counted.reads == [(0, "left"), (1, "left"), (1, "left")]
    assert transform.prepared == 3, "the first is kept raw and prepared, the second not at all"


def test_another_process_reads_for_itself(counted: Counted):
    once = ReadOnce([Sample("s", {"left": np.zeros(3, np.float32)}, {})])
    assert once[0].inputs["left"].sum() == 0 and once.used == 12
    again = pickle.loads(pickle.dumps(once))
    assert again.used == 0 and again[0].inputs["left"].tolist() == [0, 0, 0]


VALUES: dict[str, Callable[[], Any]] = {
    "audio": lambda: Waveform(np.sin(np.arange(400, dtype=np.float32)), 8000),
    "image": lambda: np.arange(300, dtype=np.uint8).reshape(10, 10, 3),
    "tabular": lambda: {"age": 3.0, "town": "a"},
    "text": lambda: ["a red cube", "it is small"],
    "vector": lambda: np.arange(6, dtype=np.float32),
    "video": lambda: np.arange(600, dtype=np.uint16).astype(np.uint8).reshape(2, 10, 10, 3),
    "words": lambda: ["a", "red", "cube"],
}


@pytest.mark.parametrize("kind", VALUES)
def test_no_corruption_changes_the_value_that_is_kept(kind: str):
    """It would be changed for all later passes."""
    for name, one in corruptions(kind).items():
        value = VALUES[kind]()
        one(value, one.levels[-1], "s", 0)
        assert pickle.dumps(value) == pickle.dumps(VALUES[kind]()), name
