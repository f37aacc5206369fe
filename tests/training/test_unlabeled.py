from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.metrics import read_metrics


@pytest.fixture
def partly(tiny: Path, tmp_path: Path) -> Path:
    """The tiny table without the labels of eight of its twelve rows of train."""
    root = shutil.copytree(tiny, tmp_path / "partly")
    rows = [json.loads(line) for line in (root / "manifest.jsonl").read_text().splitlines()]
    for row in rows[1:9]:
        row["label"] = None
    (root / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


def test_rows_without_labels_are_learned_from_and_go_on_in_a_resumed_run(lab, partly):
    words = [f"dataset.root={partly}", "dataset.split={unlabeled: true}", "method=pseudo_label"]
    words += ["method.threshold=0.34", "method.ramp_up=0", "training.log_every=1", "training.epochs=1"]
    folder = lab.train(*words)
    rows = [row for row in read_metrics(folder.metrics) if "train/pseudo_label" in row]
    assert len(rows) == 4 and any(row["train/confident"] > 0 and row["train/pseudo_label"] > 0 for row in rows)


def test_a_method_that_does_not_take_them_is_refused(lab, partly):
    with pytest.raises(
        ConfigError, match="must be one that learns from rows without a target, got FullMethod and 8 such"
    ):
        lab.train(f"dataset.root={partly}", "dataset.split={unlabeled: true}")
