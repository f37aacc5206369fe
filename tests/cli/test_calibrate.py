from __future__ import annotations

import json

import pytest

from mmexp.cli import main
from mmexp.cli.calibrate import _misfits
from mmexp.run.study import read_study


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, unrendered: None) -> None:
    """The six samples of val are enough."""
    monkeypatch.setattr("mmexp.study.calibrate.FEWEST", 6)


def test_a_temperature_is_stored_with_the_run(studied, capsys):
    assert main(["calibrate", str(studied.path), "--coverage", "0.7", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_study(studied, "calibration") and printed["temperature"] > 0
    assert printed["conformal"]["asked"] == 0.7 and (studied.study / "calibration.png").exists()


def test_what_it_is_worth_is_shown(studied, capsys):
    assert main(["calibrate", str(studied.path), "--coverage", "0.5"]) == 0
    shown = capsys.readouterr().out
    for words in ("temperature ", "fitted on 3 samples of val", "ece on 6 samples of test: ", "conformal sets (split"):
        assert words in shown


def test_what_does_not_hold_on_test_is_said():
    likelihood = {"before": {"value": 0.5}, "after": {"value": 0.6}}
    sets = {"asked": 0.9, "coverage": {"value": 0.7, "low": 0.6, "high": 0.8}}
    worse, fewer = _misfits({"nll": likelihood, "conformal": sets})
    assert worse == "the temperature that suits val makes nll worse on test."
    assert fewer.startswith("sets for 90% hold the right class in fewer samples of test: ")
    sets["coverage"] = {"value": 0.85, "low": 0.8, "high": 0.9}
    assert _misfits({"nll": {**likelihood, "after": {"value": 0.4}}, "conformal": sets}) == []
    assert _misfits({"nll": None, "conformal": {"asked": 0.9, "coverage": {"value": 0.7}}}) == []
