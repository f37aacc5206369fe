from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.logger.tensorboard import TensorBoardLogger
from mmexp.run.folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def log(folder: RunFolder, *rows: dict[str, float], summary: dict[str, object] | None = None) -> None:
    logger = TensorBoardLogger()
    logger.start(folder, {"seed": 0}, {"total": 5})
    for row in rows:
        logger.log(row)
    logger.finish("done", summary or {})


def test_rows_are_scalars_and_those_that_a_resumed_run_logs_again_count_once(tmp_path: Path):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs pip install 'mmexp[tensorboard]'"
    )
    folder = RunFolder(tmp_path)
    log(folder, *({"step": step, "epoch": 0.1, "train/loss": step / 10} for step in (1, 2, 3)))
    rows = [{"step": 2, "train/loss": 7.0}, {"step": 4, "train/loss": 8.0, "val/x": math.nan}]
    log(folder, *rows, summary={"metrics": {"test/x": 0.5}})
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    loss = [(one.step, round(one.value, 3)) for one in events.Scalars("train/loss")]
    assert loss == [(1, 0.1), (2, 7.0), (4, 8.0)]
    assert [one.value for one in events.Scalars("final/test/x")] == [0.5]
    assert "val/x" not in events.Tags()["scalars"] and events.Tags()["tensors"] == ["config/text_summary"]


def test_without_the_package_there_is_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match="package tensorboard must be installed, got none") as error:
        log(RunFolder(tmp_path), {"step": 1})
    assert error.value.hint == "Run: pip install tensorboard"


def test_a_run_that_has_logged_nothing_leaves_nothing(tmp_path: Path):
    log(RunFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []
