from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.config.provenance import Source, groups, mention, option_path, options


@pytest.fixture(autouse=True)
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "conf/colour/warm"
    folder.mkdir(parents=True)
    (folder / "red.yaml").write_text("# Red.\ndefaults:\n  - /pool@pool: gone\na:\n  b:\n    - c: 1\n    - d: 2\n")
    monkeypatch.chdir(tmp_path)
    return folder


def test_groups_and_options_are_read_from_the_folders() -> None:
    assert {"colour", "colour/warm", "fusion", "encoder/image"} <= set(groups())
    assert options("colour/warm") == ["red"]
    assert options("colour") == options("nothing") == []


def test_the_users_own_file_wins(conf: Path) -> None:
    (conf.parents[1] / "fusion").mkdir()
    own = conf.parents[1] / "fusion/gated.yaml"
    own.touch()
    assert option_path("fusion/gated") == own
    assert option_path("fusion/concat").is_file()


@pytest.mark.parametrize(
    ("package", "key", "line"),
    [("", "a.b", 5), ("colour.warm", "colour.warm.a.b.1.d", 7), ("colour.warm", "colour.warm.x", 0), ("x", "a", 0)],
)
def test_a_key_is_found_on_its_line(conf: Path, package: str, key: str, line: int) -> None:
    place = Source(conf / "red.yaml", package).place(key)
    assert place == (f"conf/colour/warm/red.yaml:{line}" if line else "")


def test_a_file_that_cannot_be_read_has_no_lines(tmp_path: Path) -> None:
    assert Source(tmp_path / "gone.yaml").place("a") == ""


def test_a_word_is_found_in_the_files() -> None:
    assert mention(r"pool@pool: gone") == "conf/colour/warm/red.yaml:3"
    assert mention("nowhere at all, ever") == ""
