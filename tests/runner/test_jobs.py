from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.config.compose import compose
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.runner.jobs import Job, distinct, has_failed, missing, results


def job(*words: str) -> Job:
    return Job(" ".join(words), compose(words), words)


def done(one: Job, name: str, status: str = "done") -> RunRow:
    return RunRow(RunFolder(Path(name)), status, key=one.config.key)


@pytest.fixture
def jobs() -> list[Job]:
    return [job("seed=0"), job("seed=1"), job("seed=0", "name=other"), job("fusion=gated")]


def test_what_asks_for_the_same_is_one_job(jobs):
    assert [one.label for one in distinct(jobs)] == ["seed=0", "seed=1", "fusion=gated"]


def test_only_what_no_finished_run_has_done_is_missing(jobs):
    rows = [done(jobs[0], "1"), done(jobs[1], "2", "failed")]
    assert [one.label for one in missing(jobs, rows)] == ["seed=1", "fusion=gated"]


def test_each_job_gets_its_newest_finished_run(jobs):
    rows = [done(jobs[0], "3"), done(jobs[0], "1"), done(jobs[1], "2", "stopped")]
    found = results(jobs, rows)
    assert [row and row.folder.id for row in found] == ["3", None, "3", None]


@pytest.mark.parametrize(
    ("status", "failed"),
    [("waiting", False), ("running", False), ("done", False), ("failed", True), ("stopped", True), ("killed", True)],
)
def test_what_ended_otherwise_than_done_has_failed(jobs, status, failed):
    jobs[1].status = status
    assert has_failed(jobs) is failed


def test_a_job_has_no_folder_before_there_is_one(jobs, tmp_path):
    assert jobs[0].folder is None
    jobs[0].path = tmp_path
    assert jobs[0].folder == RunFolder(tmp_path)
