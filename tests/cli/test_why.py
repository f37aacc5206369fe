from __future__ import annotations

import json
from typing import Any

import pytest

from mmexp.cli import main


def test_causes_are_printed_in_order_with_what_is_the_same(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = make_run(0.5), make_run(0.6)
    for folder, dim in ((a, 8), (b, 16)):
        config = {"name": folder.id, "dim": dim, "fusion": {"dim": dim}, "seed": 0}
        folder.start.write_text(json.dumps({"sha256": "", "config": config}))
    assert main(["why", a.id, b.id]) == 0
    said = capsys.readouterr().out
    assert "B - A: +0.1" in said and "test/accuracy 0.600" in said
    assert "with 2 values" in said and "The same: data, code, packages, hardware." in said
    assert "Also differ, but change no result: name." in said
    assert main(["why", a.id, b.id, "--metric", "test/f1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["difference"] == pytest.approx(0.05) and found["causes"][0]["what"] == "dim"


def test_a_difference_without_a_cause_is_said_to_have_none(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = make_run(0.5), make_run(0.6)
    for folder in (a, b):
        folder.start.write_text(json.dumps({"sha256": "", "config": {"dim": 8}}))
    assert main(["why", a.id, b.id]) == 0
    said = capsys.readouterr().out
    assert "Nothing that the runs have recorded separates them." in said and "what is not recorded" in said
