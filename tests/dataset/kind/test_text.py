from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.text import TextKind, read_text


def test_text_is_one_or_several_strings() -> None:
    assert read_text("a") == "a"
    assert read_text(["a", "b"]) == ["a", "b"]
    with pytest.raises(ValueError, match="must be text or a list of texts, got 3"):
        read_text(3)


def test_the_path_of_a_file_that_is_there_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "cloud.npy").write_bytes(b"x")
    (tmp_path / "note.txt").write_text("x")
    folder = Folder(tmp_path, tmp_path)
    with pytest.raises(ValueError, match=r"got the path of a file, 'note\.txt'"):
        TextKind().read("note.txt", folder)
    with pytest.raises(ValueError, match=r"must be text, got the path of a file, 'cloud\.npy'"):
        TextKind().read("cloud.npy", folder)
    for text in ("gone.npy", "a cloud.npy", "so.", "../x.npy", "v1.2"):
        assert TextKind().read(text, folder) == text


def test_a_text_file_is_read_without_blanks_around_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("what is it?\n")
    assert TextKind().from_file(str(tmp_path / "a.txt")) == "what is it?"


@pytest.mark.parametrize(("content", "rule"), [(b" \n", "must hold a text, got none"), (b"\xff", "readable as UTF-8")])
def test_a_text_file_without_text_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(ValueError, match=rule):
        TextKind().from_file(str(tmp_path / "a.txt"))


@pytest.mark.parametrize(("cell", "words"), [("Star Wars", ["star", "wars"]), ('["Film-Noir"]', ["Film-Noir"])])
def test_features_of_a_text_are_its_words_or_entries(tmp_path: Path, cell: Any, words: list[str]) -> None:
    assert TextKind().features(cell, Folder(tmp_path, tmp_path)) == words
