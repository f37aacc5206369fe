from __future__ import annotations

import json
import shutil

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder
from mmexp.run.study import read_study


@pytest.fixture(autouse=True)
def small(unrendered: None) -> None:
    """No figure is rendered."""


def test_what_is_printed_is_written_next_to_the_curves(studied, capsys):
    assert main(["missing", str(studied.path), "--json", "hardware=cpu"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_study(studied, "missing") and printed["command"][:2] == ["mmexp", "missing"]
    assert (studied.study / "missing.png").exists()
    assert {"value", "definition"} <= set(printed["degradation"]) and len(printed["gaps"]) == 4 + 6 + 3


def test_runs_are_shown_next_to_each_other(studied, tmp_path, capsys):
    other = RunFolder(tmp_path / "copy/20250101-000000-abcd")
    shutil.copytree(studied.path, other.path)
    assert main(["missing", str(studied.path), str(other.path)]) == 0
    shown = capsys.readouterr().out
    assert f"concat {other.id[-4:]}" in shown and "(concat, missing=mask, modality_dropout=0): degradation" in shown
    assert f"degradation of {other.id} less that of {studied.id}" in shown
    for label in ("image+text ", "nothing ", "25% of the samples lack image ", "75% is lost of each text "):
        assert label in shown
    assert read_study(other, "missing")["gaps"] == read_study(studied, "missing")["gaps"]
