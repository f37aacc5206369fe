from __future__ import annotations

import pickle

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.dataset.interactions import Interactions
from mmexp.dataset.synthetic.interactions.form import FORMS
from mmexp.dataset.synthetic.interactions.rule import RULES


def small(interaction: str = "xor", form: str | None = None, seed: int = 0) -> Interactions:
    return Interactions(interaction=interaction, form=form, seed=seed, sizes=[30, 10, 20])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("interaction", RULES)
def test_every_question_is_asked_in_every_form(interaction, form):
    dataset = small(interaction, form)
    dataset.prepare()
    for name, size in (("train", 30), ("val", 10), ("test", 20)):
        samples = list(dataset.split(name))
        assert len({sample.id for sample in samples}) == size
        assert all(set(sample.inputs) <= set(dataset.inputs) for sample in samples)
    facts = dataset.describe()
    assert {s.targets["label"] for s in dataset.split("train")} <= set(facts["classes"]["label"])
    assert list(dataset.values("label")) == [sample.targets["label"] for sample in dataset.split("train")]
    assert 0 < facts["chance"] <= min(facts["single"].values()) and max(facts["single"].values()) <= facts["optimal"]


def test_the_forms_give_what_their_encoders_read():
    vector, sequence = small("xor3").split("train")[0], small("order").split("train")[0]
    assert {name: value.shape for name, value in vector.inputs.items()} == dict.fromkeys(
        ["left", "right", "third"], (8,)
    )
    assert {name: value.shape for name, value in sequence.inputs.items()} == {"left": (4, 8), "right": (4, 8)}
    image = small("xor3", "image").split("train")[0].inputs
    assert (
        image["image"].dtype == np.uint8
        and isinstance(image["audio"], Waveform)
        and image["text"] in "one two three four"
    )


def test_only_in_the_test_every_other_sample_lacks_one_modality():
    dataset = small("missing")
    assert all(len(sample.inputs) == 2 for name in ("train", "val") for sample in dataset.split(name))
    there = [tuple(sample.inputs) for sample in dataset.split("test")]
    assert there[:4] == [("left", "right"), ("right",), ("left", "right"), ("left",)]
    assert there.count(("left",)) == there.count(("right",)) == 5


def test_a_loud_hint_is_louder_than_the_answer():
    samples = list(small("noisy").split("train"))
    left, right = (np.mean([np.abs(s.inputs[side]).mean() for s in samples]) for side in ("left", "right"))
    assert right > 3 * left


def test_a_sample_depends_on_seed_split_and_index_alone():
    first, again, other = small(), small(), small(seed=1)
    assert np.array_equal(first.split("train")[7].inputs["left"], again.split("train")[7].inputs["left"])
    assert not np.array_equal(first.split("train")[7].inputs["left"], other.split("train")[7].inputs["left"])
    assert not np.array_equal(first.split("train")[7].inputs["left"], first.split("val")[7].inputs["left"])
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


def test_a_split_travels_to_a_worker_and_ends_where_it_ends():
    split = pickle.loads(pickle.dumps(small().split("test")))
    assert len(split[5:8]) == 3 and split[5].id == "test-000005"
    with pytest.raises(IndexError, match=r"index must be in \[0, 20\), got 20"):
        split[20]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"interaction": "xr"}, "interaction must be one of redundant, .*, got 'xr'. Did you mean 'xor'?"),
        ({"form": "film"}, "form must be one of vector, sequence, image, got 'film'"),
        ({"sizes": [1, 2]}, r"sizes must be three numbers of at least 1, got \[1, 2\]"),
        ({"sizes": [0, 1, 1]}, r"sizes must be three numbers of at least 1, got \[0, 1, 1\]"),
    ],
)
def test_what_cannot_be_asked_is_refused(settings, fault):
    with pytest.raises(ValueError, match=fault):
        Interactions(**settings)
