from __future__ import annotations

import json

import pytest

from mmexp.cli import main
from mmexp.cli.ensemble import read_weights
from mmexp.error import ConfigError


def test_a_table_and_json_give_each_run_and_the_average(lab, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    runs = [lab.train(f"inputs=[{name}]", "fusion=none", "training.epochs=1") for name in ("image", "text")]
    paths = [str(run.path) for run in runs]
    assert main(["ensemble", *paths, "--weights", "1,3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["run"], one["weight"]) for one in found["runs"]] == [(runs[0].id, 0.25), (runs[1].id, 0.75)]
    assert 0 <= found["metrics"]["test/accuracy"] <= 1
    assert main(["ensemble", *paths, "--fit"]) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert shown[0].split()[:6] == ["run", "inputs", "fusion", "weight", "test/accuracy", "val/accuracy"]
    assert [line.split()[:2] for line in shown if runs[0].id in line] == [[runs[0].id, "image"]]
    assert any(line.split()[:1] == ["ensemble"] for line in shown)
    assert main(["ensemble", *paths, "--fit", "--weights", "1,2"]) == 2
    assert "--weights must be left out with --fit, got 1,2" in capsys.readouterr().err


def test_weights_are_numbers_between_commas():
    assert read_weights("") is None and read_weights("2,0.5") == [2, 0.5]
    with pytest.raises(ConfigError, match="--weights must be numbers between commas, got 'a,1'"):
        read_weights("a,1")
