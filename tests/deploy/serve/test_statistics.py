from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.deploy.serve.statistics import statistics

VECTOR = {"mean": [1.0, 2.0], "std": [2.0, 1.0]}
TABLE = {"columns": [{"name": "age", "mean": 40.0, "std": 10.0}, {"name": "kind", "values": ["x"]}]}


@pytest.mark.parametrize(
    ("value", "facts", "found"),
    [
        ("a red cube", {}, {"in.words": 3}),
        (["a", "b"], {}, {"in.length": 2}),
        (Waveform(np.full(8000, 0.5, np.float32), 4000), {}, {"in.seconds": 2, "in.rms": 0.5}),
        (np.full((4, 6, 3), 255, np.uint8), {}, {"in.pixels": 24, "in.brightness": 1}),
        (np.full((5, 4, 6, 3), 0, np.uint8), {}, {"in.pixels": 24, "in.brightness": 0}),
        (np.array([3.0, 1.0], np.float32), VECTOR, {"in.z": 0, "in.absolute_z": 1}),
        (np.zeros((5, 3), np.float32), VECTOR, {"in.length": 5}),
        ({"age": 60, "kind": "z"}, TABLE, {"in.age.z": 2, "in.kind.unseen": 1}),
        ({"kind": "x"}, TABLE, {"in.kind.unseen": 0}),
        (object(), {}, {}),
    ],
)
def test_a_value_is_described_by_numbers(value: Any, facts: Any, found: dict[str, float]) -> None:
    assert statistics("in", value, facts) == pytest.approx(found)
