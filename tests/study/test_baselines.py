from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from mmexp.error import ConfigError
from mmexp.launcher.local import LocalLauncher
from mmexp.runner.jobs import Job
from mmexp.study import baselines as module
from mmexp.study.baselines import read_run, train_baselines


def test_a_run_is_read_with_the_launcher_of_its_baselines_if_it_asks_for_them(lab):
    config, launcher = read_run(["baselines=true", "launcher.workers=2", "seed=7", *lab.overrides])
    assert config.plain()["seed"] == 7
    assert isinstance(launcher, LocalLauncher) and launcher.workers == 2
    assert read_run(lab.overrides)[1] is None


@pytest.mark.parametrize("word", ["launcher=local", "launcher.workers=2", "search=grid"])
def test_what_is_for_several_jobs_is_refused_for_one_run(lab, word):
    with pytest.raises(ConfigError, match=f"need -m or baselines=true, got {word}") as caught:
        read_run([word, *lab.overrides])
    assert caught.value.hint.startswith("Run: mmexp train -m ")


def test_each_baseline_that_is_not_there_is_launched_once(lab, monkeypatch):
    jobs = [Job(one, read_run([f"seed={one}", *lab.overrides])[0], []) for one in "112"]
    launched: list[Sequence[Job]] = []
    monkeypatch.setattr(module, "row", lambda folder: SimpleNamespace(fingerprint="x"))
    monkeypatch.setattr(module, "baselines", lambda folder: jobs)
    monkeypatch.setattr(module, "neighbours", lambda folders: [])
    assert train_baselines(["run"], launched.append) == ([jobs[0], jobs[2]], [])
    done = [SimpleNamespace(key=job.config.key, status="done", folder=SimpleNamespace(id="1")) for job in jobs]
    monkeypatch.setattr(module, "fitting", lambda jobs, rows: done[:1])
    assert train_baselines(["run"], launched.append) == ([jobs[2]], done[:1])
    monkeypatch.setattr(module, "fitting", lambda jobs, rows: done[1:])
    assert train_baselines(["run"], launched.append) == ([], done[1:])
    assert launched == [[jobs[0], jobs[2]], [jobs[2]]]
