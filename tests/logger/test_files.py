from __future__ import annotations

from mmexp.logger.files import FilesLogger
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics


def test_rows_are_appended_to_the_metrics_of_the_run_also_when_it_is_resumed(tmp_path):
    folder = RunFolder(tmp_path)
    for step in (1, 2):
        logger = FilesLogger()
        logger.start(folder, {}, {})
        logger.log({"step": step, "train/loss": 0.5})
        logger.finish("stopped", {})
    assert read_metrics(folder.metrics) == [{"step": 1, "train/loss": 0.5}, {"step": 2, "train/loss": 0.5}]


def test_a_failure_to_write_ends_the_run():
    assert FilesLogger.required
