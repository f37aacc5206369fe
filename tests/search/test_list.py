from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.search.list import ListSearch


def test_each_line_is_a_job(tmp_path: Path):
    (file := tmp_path / "jobs.txt").write_text("# two jobs\nfusion=gated seed=1\n\nname='a b' dim=16\n")
    search = ListSearch(overrides=["training.epochs=1"], file=str(file))
    assert search.ask() == [
        ["training.epochs=1", "fusion=gated", "seed=1"],
        ["training.epochs=1", "name=a b", "dim=16"],
    ]
    assert search.ask() == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "must be a text with the overrides of a job in each line, got .*No such file"),
        ("name='open", "must be a text with the overrides of a job in each line, got .*No closing quotation"),
        ("# nothing\n", "search.file must list jobs, got none in "),
    ],
)
def test_a_file_that_lists_nothing_is_refused(tmp_path: Path, text: str | None, rule: str):
    if text is not None:
        (tmp_path / "jobs.txt").write_text(text)
    with pytest.raises(ConfigError, match=rule):
        ListSearch(overrides=[], file=str(tmp_path / "jobs.txt")).ask()


def test_the_file_is_kept_with_the_sweep(tmp_path):
    (listed := tmp_path / "jobs.txt").write_text("fusion=sum\n")
    (folder := tmp_path / "sweep").mkdir()
    for _ in range(2):
        search = ListSearch(overrides=["seed=0"], file=str(listed))
        search.open(folder, 1)
        assert search.ask() == [["seed=0", "fusion=sum"]]
        listed.unlink(missing_ok=True)
