from __future__ import annotations

import json
from typing import Any

import pytest

from mmexp.cli import main


def test_values_that_differ_are_printed_and_only_these(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = make_run(), make_run()
    for folder, epochs in ((a, 3), (b, 5)):
        config = {"name": folder.id, "training": {"epochs": epochs, "batch_size": 8}}
        folder.start.write_text(json.dumps({"sha256": "", "config": config}))
    assert main(["diff", str(a.path), str(b.path)]) == 0
    said = capsys.readouterr().out
    assert "training.epochs" in said and "batch_size" not in said and "changes no result" in said
    assert main(["diff", str(a.path), str(b.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["config"]
    assert {one["key"]: one["part"] for one in found} == {"training.epochs": "identity", "name": "idle"}


def test_equal_configs_are_said_to_be(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = make_run(), make_run()
    for folder in (a, b):
        folder.start.write_text(json.dumps({"sha256": "", "config": {"dim": 8}}))
    assert main(["diff", a.id, b.id]) == 0
    assert capsys.readouterr().out == "The configs are the same.\n"


def test_one_run_twice_is_refused(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    assert main(["diff", folder.id, str(folder.path)]) == 2
    assert f"A and B must be two runs, got {folder.id} twice" in capsys.readouterr().err
