from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.checkpoints import hard_link, hash_path, sha256_of
from mmexp.run.folder import RunFolder
from mmexp.run.garbage import garbage, old_checkpoints, size_of
from mmexp.run.lock import Lock
from mmexp.run.summary import RunRow
from mmexp.run.trash import trash, trashed


def checkpoint(folder: RunFolder, name: str, content: str = "x" * 100) -> Path:
    folder.checkpoints.mkdir(exist_ok=True)
    path = folder.checkpoints / name
    path.write_text(content)
    hash_path(path).write_text(sha256_of(path))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


def test_of_a_finished_run_only_the_best_checkpoint_is_kept(folder: RunFolder) -> None:
    checkpoint(folder, "best-epoch01-step000010.ckpt")
    best = checkpoint(folder, "best-epoch02-step000020.ckpt")
    checkpoint(folder, "last-epoch03-step000030.ckpt")
    (one,) = garbage([RunRow(folder, "done")], [], {})
    assert (one.what, one.size) == ("2 old checkpoint(s)", 200)
    one.delete()
    assert sorted(path.name for path in folder.checkpoints.iterdir()) == [best.name, f"{best.name}.sha256"]
    assert not list(garbage([RunRow(folder, "done")], [], {}))


def test_without_an_intact_best_one_all_are_kept(folder: RunFolder) -> None:
    checkpoint(folder, "last-epoch03-step000030.ckpt")
    assert old_checkpoints(folder) == []
    checkpoint(folder, "best-epoch02-step000020.ckpt").write_text("damaged")
    assert old_checkpoints(folder) == []


def test_another_name_of_the_best_one_frees_nothing(folder: RunFolder) -> None:
    hard_link(checkpoint(folder, "best-epoch02-step000020.ckpt"), "last-epoch02-step000020.ckpt")
    assert old_checkpoints(folder) == []


@pytest.mark.parametrize("status", ["running", "running on other", "killed", "stopped", "broken", "done"])
def test_only_runs_that_failed_may_go(folder: RunFolder, status: str) -> None:
    assert list(garbage([RunRow(folder, status)], [], {})) == []


def test_what_is_cited_is_kept(folder: RunFolder, tmp_path: Path) -> None:
    folder.log.write_text("x" * 50)
    (one,) = garbage([RunRow(folder, "failed")], [], {})
    assert (one.what, one.size) == ("failed run", 50)
    assert list(garbage([RunRow(folder, "failed")], [], {folder.id: "job of a sweep"})) == []
    moved = trash(folder)
    assert list(garbage([], trashed(tmp_path), {folder.id: "baseline"})) == []
    (one,) = garbage([], trashed(tmp_path), {})
    assert one.what == "run in the trash" and size_of(moved.path) == 50
    one.delete()
    assert trashed(tmp_path) == []


def test_checkpoints_of_a_run_that_is_taken_up_again_are_kept(folder: RunFolder) -> None:
    for name in ("best-epoch02-step000020.ckpt", "last-epoch03-step000030.ckpt"):
        checkpoint(folder, name)
    (one,) = garbage([RunRow(folder, "done")], [], {})
    with Lock(folder), pytest.raises(ConfigError, match=r"must be free, got locked by "):
        one.delete()
    assert len(list(folder.checkpoints.glob("*.ckpt"))) == 2
