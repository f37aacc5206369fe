from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmexp.error import ConfigError, ResourceError
from mmexp.run.folder import RunFolder
from mmexp.run.lock import Lock, holder, is_held

HOLD = """
import pathlib, sys, time
from mmexp.run.folder import RunFolder
from mmexp.run.lock import Lock
with Lock(RunFolder(pathlib.Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(folder: RunFolder) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock until it is killed or its stdin closes."""
    job = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with job:
        if job.stdout is None or job.stdout.readline() != b"held\n":
            pytest.fail("the other process did not get the lock")
        yield job
        job.kill()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


def test_a_full_disk_is_refused_and_left_unlocked(small_disk: Callable[[int], Path]) -> None:
    folder = RunFolder.create(small_disk(64), "x")
    (folder.path / "full").write_bytes(bytes(64 << 10))
    rule = rf"{folder.lock}: disk of {folder.path} must have room for the \d+ bytes of the file, got 0 bytes free"
    with pytest.raises(ResourceError, match=rule), Lock(folder):
        pass
    assert not folder.lock.exists() and not is_held(folder)


def test_room_on_the_disk_is_kept_and_given_back(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(64)
    folder = RunFolder.create(disk, "x")
    with Lock(folder) as lock:
        lock.reserve(40_000)
        assert shutil.disk_usage(disk).free < 25_000 and holder(folder)["pid"] == os.getpid()
        with pytest.raises(ResourceError, match=r"must have room for the 70,\d+ bytes of the file, got 0 bytes free"):
            lock.reserve(70_000)
        lock.reserve(0)
        assert shutil.disk_usage(disk).free > 60_000 and holder(folder)["pid"] == os.getpid()


def test_the_second_process_is_told_who_holds_the_lock(folder: RunFolder) -> None:
    with another_process(folder) as job:
        rule = rf"{folder.id} must be free, got locked by {job.pid}/{socket.gethostname()}"
        with pytest.raises(ConfigError, match=rule) as caught, Lock(folder):
            pytest.fail("two processes have one run")
        assert caught.value.exit_code == 2
        assert f"kill {job.pid}" in caught.value.hint


def test_the_lock_of_a_killed_process_is_taken_over(folder: RunFolder) -> None:
    with another_process(folder) as job:
        job.kill()
        job.wait()
        assert holder(folder)["pid"] == job.pid
        assert not is_held(folder)
        with Lock(folder):
            assert holder(folder)["pid"] == os.getpid()


def test_a_held_lock_is_seen_and_a_released_one_leaves_nothing(folder: RunFolder) -> None:
    assert not is_held(folder)
    with Lock(folder):
        assert is_held(folder)
        assert holder(folder).keys() == {"pid", "host", "since"}
    assert not is_held(folder)
    assert not folder.lock.exists()
    assert holder(folder) == {}


def test_looking_does_not_take_the_lock_away(folder: RunFolder) -> None:
    with another_process(folder):
        assert all(is_held(folder) for _ in range(100))


def test_an_error_in_the_block_releases_it(folder: RunFolder) -> None:
    with pytest.raises(RuntimeError, match="boom"), Lock(folder):
        raise RuntimeError("boom")
    with Lock(folder):
        pass


def test_a_forked_worker_that_outlives_the_holder_does_not_keep_the_lock(folder: RunFolder) -> None:
    read, write = os.pipe()
    with Lock(folder):
        if (child := os.fork()) == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    free = not is_held(folder)
    with Lock(folder):
        pass
    os.close(write)
    os.close(read)
    os.waitpid(child, 0)
    assert free


def test_a_lock_from_another_machine_is_not_taken_over(folder: RunFolder) -> None:
    folder.lock.write_text(json.dumps({"pid": 7, "host": "elsewhere", "since": "2026-01-01"}))
    with pytest.raises(ConfigError, match="got locked by 7/elsewhere since 2026-01-01") as caught, Lock(folder):
        pass
    assert f"rm {folder.lock}" in caught.value.hint
    assert folder.lock.exists()


def test_a_lock_file_with_nonsense_in_it_holds_nobody_up(folder: RunFolder) -> None:
    folder.lock.write_text("{half")
    with Lock(folder):
        assert holder(folder)["pid"] == os.getpid()


def test_the_holder_removes_what_a_killed_writer_left(folder: RunFolder) -> None:
    folder.checkpoints.mkdir()
    stray = folder.checkpoints / ".tmp-last.ckpt-1-abcd"
    stray.write_text("half")
    with Lock(folder):
        assert not stray.exists()


def test_a_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    rule = r"folder must be one that can be written to, got .*gone \(No such file"
    with pytest.raises(ConfigError, match=rule), Lock(RunFolder(tmp_path / "gone")):
        pass


def test_a_read_only_folder_is_refused(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigError, match=r"can be written to, got .* \(Permission denied\)"), Lock(folder):
        pass
