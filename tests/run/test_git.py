from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mmexp.run import git
from mmexp.run.git import code_state


def run_git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    run_git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("one\n")
    run_git(tmp_path, "add", "a.txt")
    run_git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_a_clean_commit_has_no_diff(repository: Path) -> None:
    state = code_state(repository)
    assert state == {
        "sha": run_git(repository, "rev-parse", "HEAD").strip(),
        "dirty": False,
        "untracked": [],
        "diff": "",
    }


def test_changes_are_kept_without_their_secrets(repository: Path) -> None:
    (repository / "a.txt").write_text("one\npassword=hunter2hunter2\n")
    (repository / "new.txt").write_text("")
    state = code_state(repository)
    assert state is not None
    assert state["dirty"]
    assert "+password=REDACTED" in state["diff"]
    assert state["untracked"] == ["new.txt"]


def test_a_long_diff_is_cut_and_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_LONGEST", 200)
    (repository / "a.txt").write_text("line\n" * 1000)
    state = code_state(repository)
    assert state is not None
    assert len(state["diff"]) < 300
    assert "cut at 200 of" in state["diff"]


def test_a_program_that_the_repository_names_is_not_started(repository: Path) -> None:
    canary = repository / "canary"
    for key in ("diff.external", "core.fsmonitor", "core.pager"):
        run_git(repository, "config", key, f"touch {canary}")
    (repository / "a.txt").write_text("two\n")
    state = code_state(repository)
    assert state is not None
    assert "+two" in state["diff"]
    assert not canary.exists()


def test_outside_a_repository_with_commits_there_is_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code_state(tmp_path) is None
    run_git(tmp_path, "init", "-q")
    assert code_state(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert code_state(tmp_path) is None
