from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from mmexp.error import ResourceError
from mmexp.run.atomic import TEMP, atomic, remove_temp_files, write_atomic, write_once

FileLimit = Callable[[int], AbstractContextManager[None]]


def test_text_and_bytes_come_back(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", "grün\n")
    write_atomic(tmp_path / "b", b"\x00\xff")
    assert (tmp_path / "a").read_text("utf-8") == "grün\n"
    assert (tmp_path / "b").read_bytes() == b"\x00\xff"


def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomic(pipe, "text")
    assert os.read(reader, 9) == b"text" and pipe.is_fifo()
    os.close(reader)


def test_a_folder_that_is_missing_alone_is_made(tmp_path: Path) -> None:
    write_atomic(tmp_path / "predictions" / "test.jsonl", "{}")
    assert (tmp_path / "predictions" / "test.jsonl").exists()
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "gone" / "deeper" / "x", "")


def test_an_error_half_way_leaves_the_old_file_and_no_stray(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_atomic(path, "old")
    with pytest.raises(RuntimeError, match="half"), atomic(path) as file:
        file.write(b"ne")
        raise RuntimeError("half")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["state"]


def test_the_data_is_on_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(handle: int) -> None:
        order.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        fsync(handle)

    def note_replace(source: Path, target: Path) -> None:
        order.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    write_atomic(tmp_path / "x", "data")
    assert order == ["file", "rename", "folder"]


def test_a_kill_half_way_leaves_the_old_file_and_a_stray_that_can_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "last.ckpt"
    write_atomic(path, "old")
    code = (
        "import os, sys, pathlib; from mmexp.run.atomic import atomic\n"
        "with atomic(pathlib.Path(sys.argv[1])) as file: file.write(b'ne'); file.flush(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[2], timeout=60)
    assert done.returncode == -9
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.glob(f"{TEMP}*")] != []
    remove_temp_files(tmp_path)
    assert os.listdir(path.parent) == ["last.ckpt"]


def test_a_full_disk_is_reported_with_the_bytes_needed_and_free(small_disk: Callable[[int], Path]) -> None:
    path = small_disk(64) / "x"
    write_atomic(path, "old")
    rule = rf"x: disk of {path.parent} must have room for the 1,048,576 bytes of the file, got (6\d),\d+ bytes free"
    with pytest.raises(ResourceError, match=rule) as caught:
        write_atomic(path, bytes(1 << 20))
    assert caught.value.exit_code == 5
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["x"]


def test_a_limit_of_file_sizes_is_reported_also_if_the_writer_goes_on(tmp_path: Path, file_limit: FileLimit) -> None:
    path = tmp_path / "x"
    write_atomic(path, "old")
    rule = r"must have room for the 300,000 bytes of the file, got [\d,]+ bytes free \(File too large\)"
    with pytest.raises(ResourceError, match=rule), file_limit(100), atomic(path) as file:
        for _ in range(3):
            file.write(memoryview(bytes(100_000)))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]


def test_a_file_that_several_write_once_is_that_of_the_first(tmp_path, monkeypatch):
    path = tmp_path / "end.json"
    assert write_once(path, "first") and not write_once(path, "second")
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]


def test_a_file_is_written_once_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def no_links(*paths):
        raise PermissionError

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "end.json"
    assert write_once(path, "first") and not write_once(path, "second")
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]
