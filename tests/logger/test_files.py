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


def test_while_the_disk_is_full_rows_wait_with_one_warning_and_those_that_are_lost_are_named(tmp_path, file_limit):
    folder, warned = RunFolder(tmp_path), []
    logger = FilesLogger()
    logger.warn = warned.append
    logger.start(folder, {}, {})
    with file_limit(0):
        for step in range(9):
            logger.log({"step": step})
        logger.finish("failed", {})
    full = "Warning: the disk is full."
    assert warned == [
        f"{full} Rows of {folder.metrics} are kept in memory until there is room again.",
        f"{full} {folder.metrics} lacks 9 rows: those of the steps 0, 1, 2, 3, 4, 5, 6, 7 ...",
    ]


def test_a_failure_to_write_ends_the_run():
    assert FilesLogger.required
