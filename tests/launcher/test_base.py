from __future__ import annotations

from collections.abc import Sequence

import pytest

from mmexp.launcher.base import Launcher, Report
from mmexp.runner.jobs import Job


class Idle(Launcher):
    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        return None


def test_a_launcher_runs_one_job_at_a_time_without_a_limit_unless_asked_otherwise():
    launcher = Idle()
    assert (launcher.workers, launcher.time_limit, launcher.fail_fast) == (1, None, False)
    assert (launcher.retries, launcher.back_off) == (0, True)
    launcher = Idle(workers=2, time_limit=60, fail_fast=True)
    assert (launcher.workers, launcher.time_limit, launcher.fail_fast) == (2, 60, True)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"workers": 0}, "Idle: workers must be at least 1, got 0."),
        ({"time_limit": 0.0}, "Idle: time_limit must be above 0 s, got 0."),
        ({"retries": -1}, "Idle: retries must be at least 0, got -1."),
        ({"time_limit": -1.5}, "Idle: time_limit must be above 0 s, got -1.5."),
    ],
)
def test_numbers_that_make_no_sense_are_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        Idle(**arguments)
