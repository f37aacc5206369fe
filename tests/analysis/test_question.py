from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmexp.analysis.question import fusion_of, question
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow


def run(fingerprint: str = "d", **config: Any) -> RunRow:
    known = {"fusion": "concat", "inputs": ["image", "text"], "seed": 0, "task": "classification", "dim": 8}
    return RunRow(RunFolder(Path("r")), "done", "", config={**known, **config}, metrics={}, fingerprint=fingerprint)


@pytest.mark.parametrize("config", [{"fusion": "gated"}, {"inputs": ["image"]}, {"fusion.depth": 2}])
def test_what_a_fusion_and_its_baselines_differ_in_is_no_part_of_the_question(config):
    assert question(run()) == question(run(**config))


@pytest.mark.parametrize("config", [{"seed": 1}, {"task": "regression"}, {"dim": 4}, {"fingerprint": "e"}])
def test_the_data_the_seed_and_the_rest_of_the_config_are(config):
    assert question(run()) != question(run(**config))


def test_of_runs_of_one_budget_the_settings_that_follow_from_it_are_not():
    assert question(run(tuned=10)) == question(run(tuned=10, **{"optimizer.lr": 0.1})) != question(run(tuned=5))
    assert question(run(fair="params")) == question(run(fair="params", dim=4))
    assert fusion_of(run(tuned=10)) == fusion_of(run()) != fusion_of(run(fusion="gated"))
