from __future__ import annotations

import pytest

from mmexp.contract import Sample
from mmexp.dataset.control import ShuffledInputs, controlled
from mmexp.error import ConfigError


@pytest.mark.parametrize("size", [2, 3, 50])
def test_every_sample_gets_all_inputs_of_another_and_keeps_its_targets(size):
    samples = [Sample(str(i), {"image": i, "text": -i}, {"label": i}) for i in range(size)]
    shuffled = list(ShuffledInputs(samples, seed=1))
    assert [s.id for s in shuffled] == [s.id for s in samples]
    assert all(s.targets["label"] == i != s.inputs["image"] == -s.inputs["text"] for i, s in enumerate(shuffled))
    assert sorted(s.inputs["image"] for s in shuffled) == list(range(size))


@pytest.mark.parametrize("size", [3, 50])
def test_inputs_that_belong_together_are_parted_where_that_is_asked(size):
    samples = [Sample(str(i), {"image": i, "text": i}, {"label": i}) for i in range(size)]
    parted = list(controlled(samples, "shuffled", apart=True))
    assert all(len({s.inputs["image"], s.inputs["text"], s.targets["label"]}) == 3 for s in parted)
    for name in ("image", "text"):
        assert sorted(s.inputs[name] for s in parted) == list(range(size))


@pytest.mark.parametrize("apart", [False, True])
def test_the_hash_of_a_file_goes_where_its_content_goes(apart):
    samples = [Sample(str(i), {"image": i, "text": str(i)}, {}, {"image": f"hash {i}"}) for i in range(9)]
    shuffled = list(controlled(samples, "shuffled", apart))
    assert all(s.files == {"image": f"hash {s.inputs['image']}"} for s in shuffled)


def test_what_a_sample_lacks_is_lacking_where_it_would_have_gone():
    samples = [Sample(str(i), {"image": i, **({"text": i} if i else {})}, {}) for i in range(9)]
    parted = list(controlled(samples, "shuffled", apart=True))
    assert all(dict(s.inputs).keys() <= {"image", "text"} for s in parted), "What is named can be read."
    assert sorted(s.inputs["image"] for s in parted) == list(range(9))
    assert 7 <= sum("text" in s.inputs for s in parted) < 9


def test_the_same_seed_shuffles_alike_and_another_one_otherwise():
    samples = [Sample(str(i), {"image": i}, {}) for i in range(30)]
    orders = [[s.inputs["image"] for s in ShuffledInputs(samples, seed=seed)] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert [s.inputs["image"] for s in ShuffledInputs(samples, seed=0)[3:5]] == orders[0][3:5]


def test_blank_inputs_leave_the_targets_alone():
    samples = [Sample(str(i), {"image": i}, {"label": i}) for i in range(3)]
    blank = list(controlled(samples, "blank"))
    assert [(s.id, s.inputs, s.targets["label"]) for s in blank] == [("0", {}, 0), ("1", {}, 1), ("2", {}, 2)]


def test_no_control_changes_nothing_and_an_unknown_one_is_refused():
    samples = [Sample("0", {"image": 0}, {})]
    assert controlled(samples, None) is samples
    with pytest.raises(ConfigError, match="control must be null, blank or shuffled, got 'shufled'"):
        controlled(samples, "shufled")
