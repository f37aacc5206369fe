from __future__ import annotations

import pytest

from mmexp.config.compose import compose
from mmexp.error import FITS
from mmexp.runner.back_off import can_halve, halved

SHORT = f"Training: {FITS}, got: CUDA out of memory."


def test_the_batch_is_halved_once_per_failure_for_lack_of_memory_and_counts_as_typed():
    config = compose(["training.batch_size=12", "training.accumulate=3", "seed=1"])
    smaller, words = halved(config, [SHORT, "something else", SHORT])
    assert words == ["training.batch_size=3", "training.accumulate=12"]
    assert smaller.plain() == compose([*words, "seed=1"]).plain() and smaller.key != config.key
    assert smaller.settings == {**config.settings, "training.batch_size": 3, "training.accumulate": 12}
    assert config.plain()["training"]["batch_size"] == 12


def test_other_failures_change_nothing():
    config = compose([])
    assert halved(config, ["Its process was ended by SIGKILL."]) == (config, [])


@pytest.mark.parametrize(("times", "possible"), [(0, True), (2, True), (3, False)])
def test_it_is_halved_as_long_as_all_batches_have_the_same_size(times: int, possible: bool):
    assert can_halve(compose(["training.batch_size=12"]), [SHORT] * times) is possible
