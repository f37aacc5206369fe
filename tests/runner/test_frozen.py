from __future__ import annotations

import pytest

from mmexp.config.compose import compose
from mmexp.run.sweep import SweepFolder
from mmexp.runner.frozen import first_round, freezer, thaw
from mmexp.runner.jobs import Job


@pytest.fixture
def folder(tmp_path) -> SweepFolder:
    (tmp_path / "sweep-1/jobs").mkdir(parents=True)
    return SweepFolder(tmp_path / "sweep-1")


def read(proposals):
    return [Job(" ".join(words), compose(words), ["mmexp", "train", *words]) for words in proposals]


def test_a_job_is_thawed_as_it_was_frozen(folder):
    words = ["fusion=gated", "seed=3", "optimizer.lr=0.01"]
    (job,) = first_round(folder, [words, words], read).values()
    thawed = thaw(job.record)
    assert (thawed.label, thawed.command, thawed.status) == (job.label, job.command, "waiting")
    assert (thawed.config.key, thawed.config.settings) == (job.config.key, job.config.settings)
    plain, others = thawed.config.plain(), job.config.plain()
    assert [key for key in plain if plain[key] != others[key]] == ["launcher", "search"]


def test_what_is_frozen_is_not_composed_again(folder):
    ready = first_round(folder, [["seed=0"]], read)
    asked = []

    def counted(proposals):
        asked.extend(proposals)
        return read(proposals)

    jobs = freezer(folder, counted, (), {})([["seed=0"], ["seed=1"]])
    assert asked == [["seed=1"]] and [job.label for job in jobs] == ["seed=0", "seed=1"]
    assert all(job.record in folder.jobs for job in jobs)
    assert freezer(folder, counted, (), ready)([["seed=0"]]) == list(ready.values())
