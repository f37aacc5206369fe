from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.analysis.interval import interval
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import Predictor, restore
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.study.scored import plain, score


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("scored") / "outputs").train("training.epochs=1")


@pytest.fixture(scope="module")
def trained(run: RunFolder) -> Predictor:
    return restore(run)


def test_one_pass_gives_the_metrics_and_the_rows_of_the_run(run: RunFolder, trained: Predictor) -> None:
    row = summary.row(run)
    found = score(trained, split_samples(trained).samples, "test", row)
    assert found.metrics == pytest.approx({key: value for key, value in row.metrics.items() if key.startswith("test/")})
    stored = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    assert [(one["id"], one["label"], one["target"]) for one in found.rows] == [
        (one["id"], one["label"], one["target"]) for one in stored
    ]
    assert found.interval("test/accuracy") == interval(row, "test/accuracy")
    assert found.interval("test/loss") is None and found.recomputed("test/loss") is None
    assert not trained.module.keep_rows


def test_groups_stand_in_the_rows_and_are_the_unit_of_the_interval(run: RunFolder, trained: Predictor) -> None:
    samples = split_samples(trained).samples
    groups = {sample.id: f"g{i // 2}" for i, sample in enumerate(samples)}
    found = score(trained, samples, "test", summary.row(run), groups)
    assert [row["group"] for row in found.rows] == ["g0", "g0", "g1", "g1", "g2", "g2"]
    known = found.interval("test/accuracy")
    assert known is not None and (known.over, known.pairs) == ("groups", 3)
    assert plain(known)["low"] == known.low and plain(None) == {}


def test_any_function_of_the_weights_has_an_interval(run: RunFolder, trained: Predictor) -> None:
    found = score(trained, split_samples(trained).samples, "test", summary.row(run))
    accuracy = found.recomputed("test/accuracy")
    assert accuracy is not None
    known = found.interval_of(lambda weights: 1 - accuracy.value(weights))
    assert known is not None and known.mean == pytest.approx(1 - (found.metrics["test/accuracy"] or 0))
