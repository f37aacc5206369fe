from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.run.folder import RunFolder
from mmexp.run.start import differences, is_edited, read_start, write_start


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path, "x")
    folder.config.write_text("dim: 8\n")
    return folder


def test_an_edit_of_the_config_is_noticed(folder: RunFolder) -> None:
    write_start(folder, {"dim": 8, "api_key": "open-sesame-for-me"})
    assert not is_edited(folder)
    assert read_start(folder) == {"dim": 8, "api_key": "REDACTED"}
    folder.config.write_text("dim: 9\n")
    assert is_edited(folder)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_run_without_the_record_counts_as_not_edited(folder: RunFolder, text: str | None) -> None:
    if text:
        folder.start.write_text(text)
    assert read_start(folder) == {} and not is_edited(folder)


def test_differences_name_what_is_new_gone_and_other() -> None:
    before, after = {"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "e": 3}, "d": [2]}
    assert list(differences(before, after)) == [("a.c", 2, None), ("a.e", None, 3), ("d", [1], [2])]
