from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.cli.plot import figures, run
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder

MakeRun = Callable[..., RunFolder]


def test_every_figure_is_found_in_its_folder() -> None:
    names = {one.__name__.rpartition(".")[2] for one in figures()}
    assert {"seeds", "cost", "learning_curves", "critical_difference"} <= names and "style" not in names


def test_figures_are_files_of_the_format_without_their_date(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(0.9, fusion="gated")
    make_run(0.5)
    assert main(["plot", "--to", "a", "--format", "svg"]) == 0
    assert capsys.readouterr().out.splitlines() == ["vqa on world, data ab, runs x", "a/seeds.svg"]
    drawn = Path("a/seeds.svg").read_text(encoding="utf-8")
    assert "gated" in drawn and "<dc:date>" not in drawn


def test_a_file_is_no_folder_for_figures(make_run: MakeRun) -> None:
    Path("a").touch()
    with pytest.raises(ConfigError, match="--to must be a folder, got the file 'a'"):
        run(["--to", "a"])


def test_an_unknown_format_is_refused(make_run: MakeRun) -> None:
    with pytest.raises(ConfigError, match="invalid choice: 'gif'"):
        run(["--format", "gif"])
