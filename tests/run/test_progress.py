from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.run.folder import RunFolder
from mmexp.run.progress import Progress, progress


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path)
    made.start.write_text(json.dumps({"config": {"training": {"epochs": 4}}}))
    made.manifest.write_text(json.dumps({"monitor": "val/accuracy"}))
    return made


def log(folder: RunFolder, *rows: dict[str, float]) -> None:
    folder.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_before_its_first_row_a_run_has_begun_and_no_more(folder: RunFolder):
    assert progress(folder) == Progress(epochs=4, monitor="val/accuracy")
    assert progress(RunFolder(folder.path / "nowhere")) == Progress()


def test_rows_say_how_far_it_is_how_fast_and_how_long_it_takes_yet(folder: RunFolder):
    first = {"step": 10, "epoch": 0.5, "time": 5.0, "train/loss": 1.0}
    log(folder, first, {"step": 20, "epoch": 1.0, "time": 10.0, "val/accuracy": 0.25})
    known = progress(folder)
    assert (known.epoch, known.step, known.seconds, known.score) == (1.0, 20, 10.0, 0.25)
    assert known.speed == pytest.approx(2.0) and known.left == pytest.approx(30.0)


def test_it_is_read_again_once_the_file_has_grown(folder: RunFolder):
    log(folder, {"step": 1, "epoch": 1.0, "time": 1.0})
    assert progress(folder).left == pytest.approx(3.0) and progress(folder).speed is None
    log(folder, {"step": 1, "epoch": 1.0, "time": 1.0}, {"step": 4, "epoch": 4.0, "time": 4.0, "val/accuracy": None})
    known = progress(folder)
    assert (known.step, known.left, known.score) == (4, 0.0, None)


def test_rows_that_a_resumed_run_has_written_again_count_once(folder: RunFolder):
    rows = [{"step": step, "epoch": step / 10, "time": float(step)} for step in (10, 20, 30, 20, 30)]
    log(folder, *rows)
    assert progress(folder).speed == pytest.approx(1.0)


def test_a_broken_manifest_leaves_the_metric_unknown(folder: RunFolder):
    folder.manifest.write_text("{half")
    assert progress(folder).monitor == ""
