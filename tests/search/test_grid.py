from __future__ import annotations

import pytest

from mmexp.error import ConfigError
from mmexp.search.grid import GridSearch


def test_every_combination_is_proposed_at_once_and_once():
    search = GridSearch(overrides=["fusion=concat,gated", "dim=32", "seed=range(0,2)"])
    assert search.ask() == [
        [f"fusion={fusion}", "dim=32", f"seed={seed}"] for fusion in ("concat", "gated") for seed in (0, 1)
    ]
    search.tell([], None)
    assert search.ask() == []


def test_without_several_values_it_is_one_job():
    assert GridSearch(overrides=["seed=3"]).ask() == [["seed=3"]]
    assert GridSearch(overrides=[]).ask() == [[]]


def test_what_has_no_single_values_is_refused():
    with pytest.raises(ConfigError, match="sweep must be over single values, got an interval"):
        GridSearch(overrides=["optimizer.lr=interval(0,1)"]).ask()
