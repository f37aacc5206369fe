from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from mmexp.error import DataError, NumericsError
from mmexp.run.folder import RunFolder
from mmexp.training.checkpoint import AtomicCheckpointIO
from mmexp.training.checkpoint_choice import choose_best, choose_start

CONSOLE = Console(file=io.StringIO())
REFUSED = "checkpoint must match the hash stored next to it, got another"


def save(folder: RunFolder, name: str) -> Path:
    AtomicCheckpointIO().save_checkpoint({}, folder.checkpoints / name)
    return folder.checkpoints / name


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_a_damaged_best_checkpoint_is_noticed_before_training_goes_on(tmp_path):
    folder = RunFolder(tmp_path)
    best, last = save(folder, "best-epoch01-step000004.ckpt"), save(folder, "last-epoch02-step000008.ckpt")
    assert choose_start(folder, CONSOLE) == last
    damage(best)
    with pytest.raises(DataError, match=f"{best}: {REFUSED}") as caught:
        choose_start(folder, CONSOLE)
    assert caught.value.hint.startswith("Run: rm -r ")


def test_a_damaged_best_checkpoint_that_is_written_again_is_no_fault(tmp_path):
    folder = RunFolder(tmp_path)
    best, last = save(folder, "best-epoch02-step000008.ckpt"), save(folder, "last-epoch01-step000004.ckpt")
    damage(best)
    assert choose_start(folder, CONSOLE) == last


def test_a_damaged_best_checkpoint_is_not_evaluated(tmp_path):
    folder = RunFolder(tmp_path)
    path = save(folder, "best-epoch01-step000004.ckpt")
    assert choose_best(folder, "val/accuracy") == path
    damage(path)
    with pytest.raises(DataError, match=f"{path}: {REFUSED}"):
        choose_best(folder, "val/accuracy")


@pytest.mark.parametrize(
    ("loss", "hint"), [(0.5, "add validation samples for which auroc is defined"), (None, "a lower optimizer.lr")]
)
def test_a_metric_that_never_was_a_number_is_told_from_a_loss_that_was_none(tmp_path, loss, hint):
    folder = RunFolder(tmp_path)
    folder.metrics.write_text(json.dumps({"step": 1, "val/auroc": None, "val/loss": loss}) + "\n")
    with pytest.raises(NumericsError, match="val/auroc must be a number at least once, got none") as caught:
        choose_best(folder, "val/auroc")
    assert hint in caught.value.hint
