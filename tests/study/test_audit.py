from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mmexp.analysis.interval import interval_of
from mmexp.error import ConfigError, DataError
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import Predictor, restore
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.study.audit import audit, losses_of, sentence
from mmexp.study.membership import Samples, loss_threshold

SIZES = {"train": 60, "val": 60, "test": 60}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors with labels that have nothing to do with them."""
    root, generator = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    sides = [split for split, size in SIZES.items() for _ in range(size)]
    rows = [
        {"id": f"s{i}", "vector": generator.normal(size=16).round(3).tolist(), "label": f"c{i % 10}", "split": split}
        for i, split in enumerate(sides)
    ]
    (root / "manifest.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return root


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], data: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained until it knows the training samples by heart; the last weights are kept, as val says nothing."""
    lab = make_lab(tmp_path_factory.mktemp("audit") / "outputs")
    lab.overrides = ["dataset=manifest", f"dataset.root={data}", lab.overrides[-1], "hardware=cpu", "fusion=none"]
    own = ["dim=64", "encoder/vector=mlp", "optimizer.lr=0.01", "optimizer.weight_decay=0", "task.dropout=0"]
    return lab.train(*own, "training.batch_size=60", "training.epochs=40", "training.validate_every=40")


@pytest.fixture(scope="module")
def trained(run: RunFolder) -> Predictor:
    return restore(run)


def test_random_labels_that_were_learned_by_heart_are_found_out(run: RunFolder, trained: Predictor):
    found = audit(run, trained)
    assert found["samples"] == {"train": 60, "test": 60, "val": 60}
    for attack in found["attacks"].values():
        assert attack["advantage"]["low"] > 0.4 and attack["auroc"]["value"] > 0.9
    assert found["attacks"]["lira_lite"]["advantage"]["value"] > 0.85
    assert "shows whether it was trained on it" in found["sentence"] and "privacy" not in found
    assert any("1 % false positives is none" in note for note in found["notes"])


def test_samples_that_it_never_saw_are_not_told_apart(trained: Predictor):
    """Whichever of them are taken for training samples, in 95 of 100 cases; here 20 times."""
    parts = [list(split_samples(trained, split).samples) for split in ("val", "test")]
    losses = np.concatenate([losses_of(trained, part) for part in parts])
    ids, generator, held = [sample.id for part in parts for sample in part], np.random.default_rng(0), []
    for _ in range(20):
        unseen = Samples(ids, losses, generator.permutation(np.arange(120) < 60), {})
        known = interval_of(loss_threshold(unseen).measures(unseen)["advantage"], ids, {})
        held.append(known.low <= 0 <= known.high)
    assert sum(held) >= 17
    found = {"advantage": {"value": 0.05, "low": -0.1, "high": 0.2}, "true_positives": 0.5, "false_positives": 0.45}
    assert "does not prove" in sentence({"loss_threshold": found})


def test_a_loss_is_that_of_the_sample_alone(run: RunFolder, trained: Predictor):
    losses = losses_of(trained, split_samples(trained).samples)
    assert losses.mean() == pytest.approx(summary.row(run).metrics["test/loss"], rel=1e-4)


def test_epsilon_stands_beside_the_advantage(run: RunFolder, trained: Predictor):
    known = summary.read(run)
    try:
        summary.write(run, {**known, "privacy": {"epsilon": 1.0, "delta": 1e-5}})
        found = audit(run, trained, 10)
    finally:
        summary.write(run, known)
    assert found["privacy"] == {"epsilon": 1.0, "delta": 1e-5, "largest_advantage": pytest.approx(0.4621, abs=1e-3)}
    assert found["samples"]["train"] == 10


def test_a_loss_that_contrasts_samples_is_refused(run: RunFolder, trained: Predictor):
    other = SimpleNamespace(task=SimpleNamespace(contrasts=True))
    with pytest.raises(ConfigError, match="must have a loss of each sample by itself, got SimpleNamespace"):
        audit(run, other)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="2 samples at least, got 1"):
        audit(run, trained, 1)


def test_other_data_is_refused(run: RunFolder, trained: Predictor, data: Path, tmp_path: Path):
    lines = (data / "manifest.jsonl").read_text().splitlines()
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines[1:]) + "\n")
    other = {**trained.root, "dataset": {**trained.root["dataset"], "root": str(tmp_path)}}
    with pytest.raises(DataError, match="data must be what the run began with"):
        audit(run, replace(trained, root=other))
