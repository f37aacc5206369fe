from __future__ import annotations

import pickle
from functools import partial

import pytest

from mmexp.dataset.lazy import Lazy


def test_a_value_is_made_when_it_is_read_and_only_once():
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    lazy = Lazy(("a", "b"), make)
    assert (list(lazy), len(lazy), "a" in lazy, "c" in lazy, made) == (["a", "b"], 2, True, False, [])
    assert lazy["b"] == lazy["b"] == "B" and made == ["b"]
    assert dict(lazy) == {"a": "A", "b": "B"}


def test_a_name_that_is_not_there_is_a_missing_key():
    with pytest.raises(KeyError, match="c"):
        Lazy(("a",), str.upper)["c"]
    assert Lazy(("a",), str.upper).get("c") is None


def test_it_travels_to_other_processes():
    assert dict(pickle.loads(pickle.dumps(Lazy(("2", "3"), partial(int, base=10))))) == {"2": 2, "3": 3}
