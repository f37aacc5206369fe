from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmexp.config.compose import compose
from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import Experiment, build, load_data
from mmexp.training.held_out import held_out, place


@pytest.fixture(scope="module")
def learned(make_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, RunFolder]:
    lab = make_lab(tmp_path_factory.mktemp("learned") / "outputs")
    return lab, lab.train("training.epochs=1", "folds=3", "fold=0")


@pytest.fixture
def start(learned: tuple[Any, RunFolder], tmp_path: Path) -> Any:
    lab, run = learned

    def make(*words: str) -> Experiment:
        root = compose([*lab.overrides, f"pretrained={run.path}", *words]).plain()
        return build(root, load_data(root), RunFolder.create(tmp_path, "x"))

    return make


def test_a_run_of_the_same_fold_has_held_out_what_is_tested(start, learned):
    taken = start("folds=3", "fold=0").taken
    assert len(taken) == 1 and taken[0].startswith(f"Taken from {learned[1].id}")


@pytest.mark.parametrize("words", [("folds=3", "fold=2"), ("folds=4", "fold=0")], ids=["fold", "folds"])
def test_a_run_of_another_fold_may_have_learned_from_it(start, learned, words):
    held = f"samples of test must be held out by {learned[1].id} too"
    rule = rf"{held}, got [1-8] of [68] that it may have learned from: s"
    with pytest.raises(DataError, match=rule) as error:
        start(*words)
    assert error.value.hint.startswith("Choose a run with the same split or fold, or set dataset.on_leak=warn")
    assert "may have learned from" in start(*words, "dataset.on_leak=warn").taken[0]


def test_a_teacher_of_another_fold_may_have_learned_from_it(learned):
    lab, run = learned
    with pytest.raises(DataError, match=f"method.teacher: samples of test must be held out by {run.id} too"):
        lab.train("method=distill", f"method.teacher={run.path}", "training.epochs=1", "folds=3", "fold=2")


def test_without_predictions_and_on_other_data_nothing_is_known(learned, tmp_path):
    _, run = learned
    assert len(held_out(run)) >= 12 and held_out(RunFolder(tmp_path)) == set()
    node = {"_target_": "x.Y", "root": "data", "manifest": "m.csv", "split": None}
    assert place(tmp_path, node) == place(tmp_path, {**node, "split": {"val": 0.2}})
    assert place(tmp_path, node) != place(tmp_path / "other", node)
    assert place(tmp_path, {"_target_": "x.Y"}) is None
