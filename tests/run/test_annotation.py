from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmexp.error import ConfigError, DataError
from mmexp.run.annotation import Annotation, read_annotation, set_note, set_tags
from mmexp.run.folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


def test_tags_and_a_note_come_back_and_can_be_removed(folder: RunFolder) -> None:
    assert read_annotation(folder) == Annotation()
    set_tags(folder, ["paper", "v1.2"])
    set_note(folder, "what the table shows")
    assert read_annotation(folder) == Annotation(("paper", "v1.2"), "what the table shows")
    assert set_tags(folder, remove=["paper", "never"]) == Annotation(("v1.2",), "what the table shows")
    assert set_note(folder, "") == Annotation(("v1.2",))
    assert [path.name for path in folder.path.iterdir()] == ["annotation.json"]


@pytest.mark.parametrize("tag", ["", "a b", "a,b", "x" * 51, "\x1b[31m"])
def test_a_tag_is_a_plain_word(folder: RunFolder, tag: str) -> None:
    with pytest.raises(ConfigError, match=r"tag must be letters, digits and \. _ \+ - \(1 to 50\), got "):
        set_tags(folder, [tag])
    assert not folder.annotation.exists()


def test_tags_that_are_set_at_once_are_all_kept(folder: RunFolder) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: set_tags(folder, [f"t{i}"]), range(16)))
    assert len(read_annotation(folder).tags) == 16


def test_a_broken_file_is_not_written_over(folder: RunFolder) -> None:
    folder.annotation.write_text("{half")
    with pytest.raises(DataError, match=r"file must be JSON, got .*"):
        set_tags(folder, ["paper"])
    assert folder.annotation.read_text() == "{half"
    folder.annotation.write_text(json.dumps({"tags": None}))
    assert set_tags(folder, ["paper"]).tags == ("paper",)
