from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Sample
from mmexp.dataset.control import ShuffledInputs
from mmexp.study.altered import Changed, Exchanged, Without, blanked

SAMPLES = [
    Sample(f"s{i}", {"image": i, "text": f"t{i}"}, {"label": i % 2}, {"image": f"hash{i}", "text": f"hash-t{i}"})
    for i in range(5)
]


def louder(sample: str, value: Any) -> Any:
    return f"{sample}: {value}!"


def test_a_missing_modality_is_a_missing_key():
    samples = Without(SAMPLES, {"text": np.array([True, False, True, False, False])})
    assert [set(one.inputs) for one in samples][:2] == [{"image"}, {"image", "text"}]
    assert dict(samples[0].inputs) == {"image": 0} and samples[0].targets == {"label": 0}
    assert samples[0].files == {"image": "hash0"}


def test_exchanged_modalities_come_from_one_other_sample_with_the_hashes_of_its_files():
    others = ShuffledInputs(SAMPLES)
    samples = Exchanged(SAMPLES, others, {"text"})
    for index, (own, found) in enumerate(zip(SAMPLES, samples, strict=True)):
        other = others[index]
        assert found.inputs["text"] == other.inputs["text"] != own.inputs["text"]
        assert (found.id, found.inputs["image"], found.targets) == (own.id, own.inputs["image"], own.targets)
        assert found.files == {"image": own.files["image"], "text": other.files["text"]}
    both = Exchanged(SAMPLES, others, {"image", "text"})[0]
    assert both.inputs["text"] == f"t{both.inputs['image']}"


def test_a_sample_has_no_modality_that_its_other_lacks():
    samples = Exchanged(SAMPLES, [Sample("x", {"image": 9}, {})] * 5, {"text"})
    assert dict(samples[0].inputs) == {"image": 0}


def test_a_changed_value_is_no_longer_that_of_its_file():
    samples = pickle.loads(pickle.dumps(Changed(SAMPLES, {"text": louder})))
    assert dict(samples[1].inputs) == {"image": 1, "text": "s1: t1!"}
    assert samples[1].files == {"image": "hash1"} and samples[1].targets == {"label": 1}


class Mean(nn.Module):
    def forward(self, given: Padded) -> Tensor:
        return given.values.mean(1)


def test_a_blank_modality_is_zero_where_it_was_real_and_only_within_the_block():
    encoders = nn.ModuleDict({"a": Mean(), "b": Mean()})
    given = Padded(torch.ones(2, 3), torch.tensor([True, False]))
    with blanked(dict(encoders.items()), ["a"]):
        assert encoders["a"](given).tolist() == [0, 0] and encoders["b"](given).tolist() == [1, 1]
    assert encoders["a"](given).tolist() == [1, 1] and given.values.sum() == 6
