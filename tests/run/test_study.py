from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.study import read_study, write_study


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


def test_what_a_verb_found_out_comes_back_as_it_was_returned(folder: RunFolder) -> None:
    assert read_study(folder, "missing") is None
    written = write_study(folder, "missing", {"score": float("nan"), "low": (0.5, 1)}, ["missing", "last"])
    assert (
        written["command"] == ["mmexp", "missing", "last"] and written["score"] is None and written["low"] == [0.5, 1]
    )
    assert read_study(folder, "missing") == written
    assert write_study(folder, "missing", {"score": 1})["score"] == 1
    assert [path.name for path in folder.study.iterdir()] == ["missing.json"]


def test_no_secret_is_written(folder: RunFolder) -> None:
    assert "hunter2hunter2" not in str(write_study(folder, "x", {}, ["x", "api_key=hunter2hunter2"]))


def test_a_broken_file_is_refused(folder: RunFolder) -> None:
    write_study(folder, "missing", {})
    (folder.study / "missing.json").write_text("{half")
    with pytest.raises(DataError, match="file must be JSON, got "):
        read_study(folder, "missing")
