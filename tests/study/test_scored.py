from __future__ import annotations

import json

import pytest

from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import Predictor
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.study.scored import score
from mmexp.study.studied_run import StudiedRun


@pytest.fixture
def trained(study: StudiedRun) -> Predictor:
    return study.trained


def test_one_pass_gives_the_metrics_and_the_rows_of_the_run(studied: RunFolder, trained: Predictor) -> None:
    row = summary.row(studied)
    found = score(trained, split_samples(trained).samples, "test", row)
    assert found.metrics == pytest.approx({key: value for key, value in row.metrics.items() if key.startswith("test/")})
    stored = [json.loads(line) for line in studied.predictions("test").read_text().splitlines()]
    assert [(one["id"], one["label"], one["target"]) for one in found.rows] == [
        (one["id"], one["label"], one["target"]) for one in stored
    ]
    again = found.recomputed("test/accuracy")
    assert again is not None and list(again.ids) == found.ids and found.recomputed("test/loss") is None
    assert not trained.module.keep_rows


def test_groups_stand_in_the_rows(studied: RunFolder, trained: Predictor) -> None:
    samples = split_samples(trained).samples
    groups = {sample.id: f"g{i // 2}" for i, sample in enumerate(samples)}
    found = score(trained, samples, "test", summary.row(studied), groups)
    assert [row["group"] for row in found.rows] == ["g0", "g0", "g1", "g1", "g2", "g2"] and found.groups == groups
