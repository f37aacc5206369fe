from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.cli.report import run
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder

MakeRun = Callable[..., RunFolder]


def test_one_file_holds_everything(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        make_run(0.9 + seed / 100, seed=seed, inputs=["image", "text"], fusion="gated")
        make_run(0.5 + seed / 200, seed=seed, inputs=["image"], fusion="none")
    make_run(end="killed")
    assert main(["report", "--to", "a.html"]) == 0
    assert capsys.readouterr().out.startswith("a.html: 6 runs, 0.0")
    text = Path("a.html").read_text(encoding="utf-8")
    assert "mmexp report --to a.html" in text and "image alone" in text and "1 runs that no number counts." in text


def test_it_ranks_and_groups_by_what_is_asked_for(make_run: MakeRun) -> None:
    make_run(0.9, dim=8)
    make_run(0.5, dim=16)
    assert main(["report", "--metric", "test/f1", "--by", "dim"]) == 0
    assert "Best first by test/f1" in Path("report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a.txt", "--to must be a file that ends with .html, got 'a.txt'"),
        ("none/a.html", "--to must lie in a folder that is there, got 'none/a.html'"),
    ],
)
def test_a_page_goes_nowhere_else(make_run: MakeRun, name: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        run(["--to", name])
