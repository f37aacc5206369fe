from __future__ import annotations

import pytest

from mmexp.cli._sweep import read_jobs
from mmexp.config import compose
from mmexp.error import ConfigError


def test_every_combination_is_a_job_named_by_what_sets_it_apart():
    jobs = read_jobs(["fusion=concat,gated", "seed=0,1", "dim=32"], ["mmexp", "train"], compose)
    assert [job.label for job in jobs] == [f"fusion={f} seed={s}" for f in ("concat", "gated") for s in (0, 1)]
    assert all(job.command[:2] == ["mmexp", "train"] and "dim=32" in job.command for job in jobs)


def test_the_problems_of_all_jobs_are_told_before_any_is_started():
    with pytest.raises(ConfigError) as refused:
        read_jobs(["fusion=concat,gatd", "task=captoning,retrieval"], [], compose)
    assert any("'gatd'" in line for line in refused.value.problems)
    assert any("'captoning'" in line for line in refused.value.problems)
