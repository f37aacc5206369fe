from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mmexp.deploy import cost
from mmexp.deploy.cost import compare_costs, cost_row
from mmexp.error import ConfigError
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import restore
from mmexp.run.summary import row


def test_a_row_counts_the_weights_that_are_stored(trained_run):
    trained = restore(trained_run)
    found = cost_row("x", row(trained_run), trained, split_samples(trained))
    weights = [value for value in trained.module.model.state_dict().values() if value.is_floating_point()]
    assert found["bytes"] == 4 * sum(value.numel() for value in weights)
    assert found["zeros"] == pytest.approx(float((torch.cat([w.flatten() for w in weights]) == 0).float().mean()))
    assert 0 < found["p50_ms"] <= found["p95_ms"]


def test_runs_that_monitor_other_metrics_are_refused(trained_run, monkeypatch):
    known = iter([row(trained_run), row(trained_run), replace(row(trained_run), monitor="val/f1")])
    monkeypatch.setattr(cost, "row", lambda folder: next(known))
    with pytest.raises(ConfigError, match="runs must monitor one metric, got val/accuracy and val/f1"):
        compare_costs([trained_run, trained_run], [], None)


def test_runs_on_other_samples_are_refused(trained_run, monkeypatch):
    read = split_samples(restore(trained_run))
    shown = iter([read, replace(read, samples=read.samples[1:])])
    monkeypatch.setattr(cost, "split_samples", lambda trained: next(shown))
    with pytest.raises(ConfigError, match="must have the same test samples, got others in"):
        compare_costs([trained_run, trained_run], [], None)
