from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mmexp.run import index
from mmexp.run.folder import RunFolder
from mmexp.run.index import NAME, read_all


class Lab:
    """A folder of three runs that were written long ago, and what was read of them."""

    def __init__(self, outputs: Path) -> None:
        self.outputs, self.read_names = outputs, []
        self.folders = [RunFolder(outputs / "x" / f"20260101-000000-000{i}") for i in range(3)]
        for number, folder in enumerate(self.folders):
            folder.path.mkdir(parents=True)
            folder.summary.write_text(str(number))

    def read(self, folder: RunFolder) -> dict[str, Any]:
        self.read_names.append(folder.id[-1])
        return {"value": folder.summary.read_text()}

    def values(self, version: str = "1", keep: Callable[[dict[str, Any]], bool] = lambda known: True) -> list[str]:
        self.read_names.clear()
        return [one["value"] for one in read_all(self.folders, self.read, keep, version)]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(index, "FEWEST", 3)
    monkeypatch.setattr(index, "_SETTLED", -1)
    return Lab(tmp_path / "outputs")


def test_what_has_not_changed_is_not_read_again(lab: Lab) -> None:
    assert lab.values() == ["0", "1", "2"] and lab.read_names == ["0", "1", "2"]
    assert lab.values() == ["0", "1", "2"] and lab.read_names == []


def rewritten(folder: RunFolder) -> None:
    """Change a file in place, and give it its time back."""
    before = folder.summary.stat()
    folder.summary.write_text("9")
    os.utime(folder.summary, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(folder: RunFolder) -> None:
    """Put another file of the same size and time in its place."""
    other = folder.path / "other"
    other.write_text("9")
    shutil.copystat(folder.summary, other)
    other.replace(folder.summary)


def another(folder: RunFolder) -> None:
    """Put another run of the same name in its place."""
    shutil.rmtree(folder.path)
    folder.path.mkdir()
    folder.summary.write_text("9")


@pytest.mark.parametrize("change", [rewritten, replaced, another])
def test_a_run_that_changed_is_read_again(lab: Lab, change: Callable[[RunFolder], None]) -> None:
    lab.values()
    change(lab.folders[1])
    assert lab.values() == ["0", "9", "2"] and lab.read_names == ["1"]
    assert lab.values() == ["0", "9", "2"] and lab.read_names == []


@pytest.mark.parametrize("name", ["manifest.json", "annotation.json"])
def test_a_file_that_comes_or_goes_is_a_change(lab: Lab, name: str) -> None:
    lab.values()
    (lab.folders[2].path / name).write_text("{}")
    assert lab.values() and lab.read_names == ["2"]
    (lab.folders[2].path / name).unlink()
    assert lab.values() and lab.read_names == ["2"]


def test_what_changed_just_before_it_was_read_is_not_remembered(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_SETTLED", 2_000_000_000)
    assert lab.values() and lab.values() and lab.read_names == ["0", "1", "2"]
    assert not (lab.outputs / NAME).exists()


def test_what_does_not_follow_from_the_files_is_not_remembered(lab: Lab) -> None:
    for _ in range(2):
        assert lab.values(keep=lambda known: known["value"] != "1")
    assert lab.read_names == ["1"]


def test_runs_that_are_gone_are_forgotten_and_others_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.values()
    shutil.rmtree(lab.folders.pop(0).path)
    replaced(lab.folders[0])
    monkeypatch.setattr(index, "FEWEST", 1)
    lab.folders.pop(1)
    assert lab.values() == ["9"]
    runs = json.loads((lab.outputs / NAME).read_text().partition("\n")[2])["runs"]
    assert [name[-1] for name in runs] == ["1", "2"]


@pytest.mark.parametrize("damage", [b"", b"{half", b"\x00" * 100, None])
def test_a_damaged_index_is_made_anew(lab: Lab, damage: bytes | None) -> None:
    lab.values()
    path = lab.outputs / NAME
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b'"value":"1"', b'"value":"7"') if damage is None else damage)
    assert lab.values() == ["0", "1", "2"] and lab.read_names == ["0", "1", "2"]
    assert path.read_bytes() == sound


def test_what_another_version_has_read_does_not_count(lab: Lab) -> None:
    lab.values()
    assert lab.values("2") and lab.read_names == ["0", "1", "2"]


def test_processes_that_write_at_once_leave_a_whole_index(lab: Lab) -> None:
    others = [Lab.__new__(Lab) for _ in range(8)]
    for other in others:
        other.folders, other.read_names = lab.folders, []
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(Lab.values, others)) == [["0", "1", "2"]] * 8
    assert lab.values() and lab.read_names == []
    assert [path.name for path in lab.outputs.iterdir() if path.is_file()] == [NAME]


def test_where_nothing_can_be_written_runs_are_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(index, "write_atomic", refuse)
    assert lab.values() == lab.values() == ["0", "1", "2"] and lab.read_names == ["0", "1", "2"]
    monkeypatch.setattr("builtins.open", refuse)
    assert index._now(lab.outputs) == 0


def test_few_runs_need_no_index(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "FEWEST", 4)
    assert lab.values() == ["0", "1", "2"] and not (lab.outputs / NAME).exists()
