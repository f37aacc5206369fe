from __future__ import annotations

import math

from mmexp.logger.row import flat, metrics_of


def test_only_finite_numbers_are_metrics_and_none_of_the_position():
    row = {"step": 3, "epoch": 0.5, "time": 1.0, "a": 1, "b": math.nan, "c": None, "d": math.inf, "e": -0.5}
    assert metrics_of(row) == {"a": 1.0, "e": -0.5}


def test_a_config_is_flattened_to_dotted_keys_and_lists_stay_whole():
    config = {"seed": 0, "task": {"loss": {"name": "x"}}, "inputs": ["image", "text"], "empty": {}}
    assert dict(flat(config)) == {"seed": 0, "task.loss.name": "x", "inputs": ["image", "text"]}
