"""Rounds that are played to their end are in ``test_halving.py``."""

from __future__ import annotations

import json
from pathlib import Path

from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.search.plan import Plan
from mmexp.search.rung import FIRST, Trial
from mmexp.search.way import Ways


def test_the_least_budget_counts_every_rung_the_new_seeds_and_what_is_used(tmp_path: Path):
    (tmp_path / "summary.json").write_text(json.dumps({"anchor": None}))
    plan = Plan(Ways(["fusion=sum,film,gated,concat"]), budget=1, trials=1, finalists=2, seeds=5, seed=0)
    plan.run = RunRow(RunFolder(tmp_path), "done", config={"inputs": ["image", "text"]}, alone=("image", "text"))
    plan.planned, plan.used, plan.workers = [Trial(FIRST, "sum", 0, ("fusion=sum",))], 10.0, 2
    plan.costs.add("sum", share=1.0, seconds=10.0, train=10.0)
    assert plan.sizes == [4] and plan.least == 10 + (6 * 10 + 3 * 3 * 10 + 2 * 10) / 2
    assert [way.name for way in plan.alone()] == ["image alone", "text alone"]


def test_epochs_that_are_tuned_are_not_shortened(tmp_path: Path):
    (tmp_path / "start.json").write_text(json.dumps({"config": {"training": {"epochs": 8}}}))
    words = ["fusion=sum,film,gated,concat", "training.epochs=4,8"]
    plan = Plan(Ways(words), budget=1, trials=1, finalists=1, seeds=5, seed=0)
    plan.run = RunRow(RunFolder(tmp_path), "done", config={"inputs": ["image"]})
    plan.planned = [Trial(FIRST, "sum", 0, ("fusion=sum",))]
    assert {one.share for one in plan.rung(0)} == {1.0}
