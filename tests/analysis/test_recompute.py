from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mmexp.analysis.recompute import recompute, recompute_rows
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

LABELLED = [{"label": a, "target": b} for a, b in zip("aabb", "abbb", strict=True)]
NUMBERS = [{"prediction": 1.0, "target": 2.0}] * 3


def run(tmp_path, rows: list[dict[str, Any]], metric: str, value: float) -> RunRow:
    folder = RunFolder.create(tmp_path, "x")
    folder.predictions("test").parent.mkdir()
    lines = [json.dumps({"id": f"s{i:03}", **row}) + "\n" for i, row in enumerate(rows)]
    folder.predictions("test").write_text("".join(reversed(lines)))
    return RunRow(folder, "done", metrics={metric: value})


def test_weights_are_those_of_the_samples_in_order_of_their_ids_whatever_the_order_of_the_file(tmp_path):
    found = recompute(run(tmp_path, LABELLED, "test/accuracy", 0.75), "test/accuracy")
    assert found is not None and found.ids == ("s000", "s001", "s002", "s003")
    weights = np.array([[1, 1, 1, 1], [0, 1, 0, 0], [1, 1, 0, 0]], float)
    assert found.value(weights) == pytest.approx([0.75, 0.0, 0.5])


def test_a_metric_that_does_not_give_what_was_reported_is_not_used(tmp_path):
    assert recompute(run(tmp_path, LABELLED, "test/accuracy", 0.123), "test/accuracy") is None
    assert recompute(run(tmp_path, LABELLED, "test/bleu", 0.1), "test/bleu") is None
    assert recompute(run(tmp_path, NUMBERS, "test/auroc", 0.5), "test/auroc") is None
    assert recompute(run(tmp_path, [], "test/accuracy", 0.5), "test/accuracy") is None


def test_a_metric_that_is_undefined_does_not_follow_from_anything(tmp_path):
    rows = [{"id": "a", "label": "x", "target": "x", "scores": {"x": 0.9, "y": 0.1}}]
    known = RunRow(RunFolder(tmp_path), "done", metrics={"test/auroc": float("nan")})
    assert recompute_rows(known, "test/auroc", rows) is None
