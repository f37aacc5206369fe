from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli._result import show_result
from mmexp.inference.evaluate import measure
from mmexp.inference.predictor import restore
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import strict

LACKING = {"s13": "text", "s18": "text", "s20": "text", "s23": "image"}


@pytest.fixture(scope="module")
def run(make_lab: Any, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained on a table of which some val and test rows lack an input."""
    rows = [json.loads(line) for line in (tiny / "manifest.jsonl").read_text().splitlines()]
    for row in rows:
        row.pop(LACKING.get(row["id"], ""), None)
    (tiny / "lacking.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["dataset.manifest=lacking.jsonl", "training.epochs=2", "training.batch_size=2"]
    found: RunFolder = make_lab(tmp_path_factory.mktemp("availability")).train(*words)
    return found


def test_metrics_are_reported_by_which_inputs_the_samples_have(run: RunFolder) -> None:
    known = summary.read(run)
    sizes = {split: {name: one["samples"] for name, one in own.items()} for split, own in known["availability"].items()}
    assert sizes == {"val": {"image+text": 5, "image": 1}, "test": {"image+text": 3, "image": 2, "text": 1}}
    rows = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    right = {row["id"]: row["label"] == row["target"] for row in rows}
    accuracy = {name: one["metrics"]["accuracy"] for name, one in known["availability"]["test"].items()}
    of = {"image+text": ["s19", "s21", "s22"], "image": ["s18", "s20"], "text": ["s23"]}
    assert accuracy == {name: pytest.approx(sum(right[i] for i in ids) / len(ids)) for name, ids in of.items()}
    losses = [one["samples"] * one["metrics"]["loss"] for one in known["availability"]["test"].values()]
    assert sum(losses) / 6 == pytest.approx(known["metrics"]["test/loss"], abs=1e-5)


def test_they_are_not_among_the_metrics_that_are_ranked(run: RunFolder) -> None:
    known = summary.read(run)["metrics"]
    assert not [name for name in known if "image" in name or "text" in name]


def test_a_trained_run_reports_the_same(run: RunFolder) -> None:
    found, known = measure(restore(run)), summary.read(run)["availability"]["test"]
    assert list(found.availability) == list(known)
    for name, own in known.items():
        same = pytest.approx(own["metrics"], abs=1e-5)
        assert strict(found.availability[name]["metrics"]) == same
    assert found.metrics["test/loss"] == pytest.approx(summary.read(run)["metrics"]["test/loss"], abs=1e-5)


def test_the_panel_shows_the_metric_that_decides(run: RunFolder) -> None:
    import io

    from rich.console import Console

    screen = io.StringIO()
    show_result(run, Console(file=screen, width=200))
    accuracy = summary.read(run)["availability"]["val"]["image"]["metrics"]["accuracy"]
    assert f"image {accuracy:.3f} (1 samples)" in screen.getvalue()
    assert "test accuracy by inputs: image+text" in screen.getvalue()


def test_nothing_changes_where_nothing_is_missing(lab: Any) -> None:
    run = lab.train("training.epochs=1")
    assert "availability" not in summary.read(run) and measure(restore(run)).availability == {}
