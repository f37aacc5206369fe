from __future__ import annotations

import io

import pytest
from rich.console import Console

from mmexp.config.compose import compose
from mmexp.error import Pruned
from mmexp.run.metrics import read_metrics
from mmexp.run.provenance import status
from mmexp.runner.run import run_training
from mmexp.training.callback.pruning import PruningCallback


def test_a_run_is_given_up_after_a_validation_with_all_of_it_saved(lab):
    asked: list[tuple[int, float]] = []

    def prune(validation: int, score: float) -> bool:
        asked.append((validation, score))
        return validation == 2

    with pytest.raises(Pruned, match=r"given up at step 8 for val/accuracy of [\d.]+\."):
        run_training(compose(lab.overrides), ["x"], Console(file=io.StringIO()), callbacks=[PruningCallback(prune)])
    run = lab.only_run()
    assert status(run) == "stopped" and [validation for validation, _ in asked] == [1, 2]
    values = [row["val/accuracy"] for row in read_metrics(run.metrics) if "val/accuracy" in row]
    assert values == [score for _, score in asked]
    callback = PruningCallback(prune)
    callback.load_state_dict({"validations": 2})
    assert callback.state_dict() == {"validations": 2}


def test_a_run_that_has_reached_its_end_is_not_given_up(lab):
    callback = PruningCallback(lambda validation, score: True)
    words = [*lab.overrides, "training.epochs=1"]
    folder = run_training(compose(words), ["x"], Console(file=io.StringIO()), callbacks=[callback])
    assert status(folder) == "done"
