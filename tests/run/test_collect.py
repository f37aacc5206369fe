from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.collect import collect, trials
from mmexp.run.folder import RunFolder
from mmexp.run.sweep import drafted


def make(outputs: Path, *names: str) -> None:
    for name in names:
        (outputs / name).mkdir(parents=True)


def test_collect_takes_folders_of_any_level_and_counts_a_run_once(tmp_path: Path) -> None:
    make(tmp_path, "a/20260101-000000-aaaa", "a/20260102-000000-aaaa", "b/20260103-000000-aaaa")
    found = collect([str(tmp_path / "a"), str(tmp_path), "20260103"], tmp_path)
    assert sorted(run.id[:8] for run in found) == ["20260101", "20260102", "20260103"]


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="folder must hold runs, got none in"):
        collect([str(tmp_path)], tmp_path)


def test_a_sweep_stands_for_the_runs_of_its_jobs(tmp_path: Path) -> None:
    make(tmp_path, "a/20260101-000000-aaaa", "a/20260102-000000-aaaa", "b/20260103-000000-aaaa")
    with drafted(tmp_path) as draft:
        draft.set_request({"command": []})
        jobs = [draft.add([f"seed={seed}"], {"label": "x"}, "") for seed in range(3)]
        sweep = draft.publish()
    for job, name in zip(sweep.jobs, ("a/20260101-000000-aaaa", "b/20260103-000000-aaaa"), strict=False):
        job.set_run(RunFolder(tmp_path / name))
    assert len(jobs) == 3
    for ref in (str(sweep.path), sweep.path.name):
        assert [run.id[:8] for run in collect([ref], tmp_path)] == ["20260101", "20260103"]


def test_trials_are_the_jobs_that_chose_the_settings_of_others(tmp_path: Path) -> None:
    make(tmp_path, "a/20260101-000000-aaaa", "a/20260102-000000-aaaa")
    for words in (["seed=0"], ["seed=1", "tuned=5"]):
        with drafted(tmp_path) as draft:
            draft.set_request({"command": []})
            draft.add(["seed=0"], {"label": "x"}, "").set_run(RunFolder(tmp_path / "a/20260101-000000-aaaa"))
            draft.add(words, {"label": "x"}, "")
            sweep = draft.publish()
        found = [run.id[:8] for run in trials([sweep.path.name, "a"], tmp_path)]
        assert found == (["20260101"] if "tuned=5" in words else [])
