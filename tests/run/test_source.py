from __future__ import annotations

from pathlib import Path

from mmexp.run.source import source_hash


def test_a_file_that_changes_moves_or_is_new_changes_the_hash(tmp_path: Path) -> None:
    found = []
    for name, text in (("a.py", "x = 1"), ("a.py", "x = 2"), ("b.py", "x = 2"), ("notes.txt", "x")):
        (tmp_path / name).write_text(text)
        source_hash.cache_clear()
        found.append(source_hash(tmp_path))
    assert len({*found}) == 3 and found[2] == found[3]


def test_the_package_itself_has_one() -> None:
    source_hash.cache_clear()
    assert len(source_hash()) == 16
