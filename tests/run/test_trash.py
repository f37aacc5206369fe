from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run import provenance
from mmexp.run.folder import RunFolder, runs
from mmexp.run.lock import Lock
from mmexp.run.trash import delete, restore, trash, trashed


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder.create(tmp_path, "x")
    made.summary.write_text("{}")
    return made


def test_a_run_in_the_trash_is_seen_by_nobody_until_it_is_restored(folder: RunFolder, tmp_path: Path) -> None:
    moved = trash(folder)
    assert runs(tmp_path) == [] and [run.id for run in trashed(tmp_path)] == [folder.id]
    assert not moved.lock.exists() and not folder.path.exists()
    assert restore(folder.id[:15], tmp_path).path == folder.path
    assert folder.summary.read_text() == "{}" and not folder.lock.exists() and trashed(tmp_path) == []


@pytest.mark.parametrize("act", [trash, delete])
def test_a_running_run_is_never_touched(folder: RunFolder, act) -> None:
    with Lock(folder), pytest.raises(ConfigError, match=r"run: .* must be free, got locked by "):
        act(folder)
    provenance.begin(folder, command=["mmexp"], seed=0)
    with Lock(folder), pytest.raises(ConfigError, match=r"run must not be running, got running for "):
        act(folder)
    record = json.loads(folder.manifest.read_text()) | {"host": f"not-{socket.gethostname()}"}
    folder.manifest.write_text(json.dumps(record))
    with pytest.raises(ConfigError, match=r"run must not be running, got running on not-"):
        act(folder)
    assert folder.path.exists()


def test_nothing_is_written_over(folder: RunFolder, tmp_path: Path) -> None:
    trash(folder)
    folder.path.mkdir()
    with pytest.raises(ConfigError, match=r"must be free, got a run that is there already"):
        restore(folder.id, tmp_path)
    assert len(trashed(tmp_path)) == 1


def test_a_run_that_is_not_in_the_trash_cannot_be_restored(folder: RunFolder, tmp_path: Path) -> None:
    trash(folder)
    with pytest.raises(ConfigError, match=r"id must name a run in .*, got '2001'") as caught:
        restore("2001", tmp_path)
    assert folder.id in caught.value.hint


def test_a_run_can_be_deleted_for_good(folder: RunFolder) -> None:
    delete(folder)
    assert not folder.path.exists()
