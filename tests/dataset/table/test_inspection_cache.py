from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import ImageKind
from mmexp.dataset.table import inspection
from mmexp.dataset.table.inspection import inspect_all
from mmexp.dataset.table.inspection_cache import InspectionCache, cache_file

OLD = 1_000_000_000


class Counting(ImageKind):
    """Counts what it decodes."""

    opened = 0
    __module__ = "mmexp.counting"

    def open(self, path: Path) -> Any:
        Counting.opened += 1
        return super().open(path)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 3)).save(path)
    os.utime(path, (OLD, OLD))
    Counting.opened = 0
    return path


def look(image: Path, fresh: bool = False) -> inspection.Inspection:
    cache = InspectionCache(image.parent / "cache/files.sqlite", fresh)
    kinds = {"image": Counting()}
    ((_, found),) = inspect_all([("image", image.name)], kinds, Folder(image.parent, image.parent), cache)
    return found


def test_a_file_that_did_not_change_is_decoded_once(image: Path) -> None:
    assert look(image) == look(image) == look(image) and Counting.opened == 1
    assert look(image).facts == {"shape": (3, 4)}


def test_a_deep_look_decodes_every_file_again(image: Path) -> None:
    look(image)
    look(image, fresh=True)
    assert Counting.opened == 2


def test_a_changed_file_of_the_same_size_has_another_digest(image: Path) -> None:
    before = look(image)
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    os.utime(image, (OLD + 1, OLD + 1))
    assert look(image).digest != before.digest


def test_a_file_of_this_very_moment_is_not_remembered(image: Path) -> None:
    os.utime(image)
    look(image)
    look(image)
    assert Counting.opened == 2


@pytest.mark.parametrize("damage", ["entry", "file"])
def test_a_damaged_cache_counts_for_nothing(image: Path, damage: str) -> None:
    found = look(image)
    path = image.parent / "cache/files.sqlite"
    if damage == "file":
        path.write_bytes(b"SQLite format 3" + bytes(4000))
    else:
        database = sqlite3.connect(path)
        database.execute("UPDATE inspection SET found = replace(found, '[3, 4]', '[3, 5]')")
        database.commit()
        database.close()
    assert look(image) == found and Counting.opened == 2


def test_a_cache_that_cannot_be_written_does_no_harm(image: Path) -> None:
    (image.parent / "cache").write_text("in the way")
    assert look(image).digest


def test_the_files_of_each_root_are_remembered_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXP_CACHE", "kept")
    assert cache_file(Path("a")) != cache_file(Path("b")) and cache_file(Path("a")).parent == Path("kept")
