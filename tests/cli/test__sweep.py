from __future__ import annotations

import io

import pytest
from rich.console import Console

from mmexp.cli._sweep import read_jobs, run_baselines
from mmexp.config.compose import compose
from mmexp.error import ConfigError
from mmexp.runner.run import run_training


def test_every_combination_is_a_job_named_by_what_sets_it_apart():
    jobs = read_jobs(["fusion=concat,gated", "seed=0,1", "dim=32"], ["mmexp", "train"], compose)
    assert [job.label for job in jobs] == [f"fusion={f} seed={s}" for f in ("concat", "gated") for s in (0, 1)]
    assert all(job.command[:2] == ["mmexp", "train"] and "dim=32" in job.command for job in jobs)


def test_the_problems_of_all_jobs_are_told_before_any_is_started():
    with pytest.raises(ConfigError) as refused:
        read_jobs(["fusion=concat,gatd", "task=captoning,retrieval"], [], compose)
    assert any("'gatd'" in line for line in refused.value.problems)
    assert any("'captoning'" in line for line in refused.value.problems)


def test_baselines_of_several_runs_are_trained_once(lab, capsys):
    folders = [lab.train("training.epochs=1", f"fusion={fusion}") for fusion in ("concat", "gated")]
    asked = []

    def train(jobs) -> int:
        asked.extend(jobs)
        for job in jobs:
            run_training(job.config, job.command, Console(file=io.StringIO()))
        return 0

    failed, found = run_baselines(folders, train)
    assert (failed, len(asked), len(found)) == (0, 4, 4)
    assert {row.folder.name for row in found} == {folders[0].name}
    assert run_baselines(folders, train)[0] == 0 and len(asked) == 4


def test_a_baseline_that_fails_is_told_by_the_exit_code(lab):
    failed, found = run_baselines([lab.train("training.epochs=1")], lambda jobs: 1)
    assert failed == 1 and found == []
