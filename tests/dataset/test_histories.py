from __future__ import annotations

import pickle

import numpy as np
import pytest

from mmexp.dataset.histories import Turns, leave_last_out, target_notes

TAKEN = {"ann": list("abcde"), "bo": list("ab"), "cy": list("abc")}
CONTENT = {"posters": {"a": np.float32([1, 0]), "c": np.float32([3, 0])}, "titles": {"e": np.float32([5])}}


def turns(split: str = "train", length: int = 3) -> Turns:
    users = {"ann": {"age": 3}}
    return Turns(leave_last_out(TAKEN)[split], taken=TAKEN, content=CONTENT, users=users, length=length)


def test_the_last_of_each_user_is_held_out_and_who_has_few_is_for_training():
    sides = leave_last_out(TAKEN)
    assert sides["test"] == [("ann", 4), ("cy", 2)] and sides["val"] == [("ann", 3), ("cy", 1)]
    assert sides["train"] == [("ann", 1), ("ann", 2), ("bo", 1)]


def test_a_sample_is_what_came_before_and_what_came_next():
    first, last = turns("train")[0], turns("test")[0]
    assert (first.inputs["items"], first.targets["item"]) == (["a"], "b")
    assert (last.inputs["items"], last.targets["item"]) == (["b", "c", "d"], "e")
    assert list(turns("train").targets()) == ["b", "c", "b"]
    assert len({sample.id for split in ("train", "val", "test") for sample in turns(split)}) == 7


def test_content_is_the_newest_first_and_what_is_not_known_is_left_out():
    sample = turns("test", length=5)[0]
    assert set(sample.inputs) == {"items", "posters", "user"}
    assert sample.inputs["posters"].tolist() == [[3, 0], [1, 0]] and sample.inputs["user"] == {"age": 3}
    assert set(turns("test")[1].inputs) == {"items", "posters"}


def test_a_split_travels_to_a_worker_and_can_be_cut():
    split = pickle.loads(pickle.dumps(turns()))
    assert [sample.id for sample in split[1:]] == ["ann-0002", "bo-0001"]
    with pytest.raises(IndexError):
        split[3]


def test_targets_that_cannot_be_found_are_counted():
    taken = {"ann": list("aaba"), "bo": list("abc")}
    sides = leave_last_out(taken)
    splits = {name: Turns(sides[name], taken=taken, content={}, users={}, length=3) for name in sides}
    found = list(target_notes(splits, {"a", "b"}))
    assert [note[: note.index(",")] for note in found] == [
        "1 of 2 targets of test are items of their own history",
        "1 of 2 targets of test are items that training lacks",
    ]
    assert "task.repeats=true" in found[0] and list(target_notes({**splits, "test": splits["val"]}, {"a", "b"})) == []
