from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from mmexp.analysis.why import explain
from mmexp.cli import main
from mmexp.run.summary import row
from mmexp.study.rerun import Repetition


@pytest.mark.parametrize(("outcome", "code"), [("within seed noise", 0), ("not the same", 1)])
def test_the_outcome_is_printed_with_what_separates_the_runs(
    outcome: Any, code: int, make_run: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = make_run(0.5), make_run(0.6)
    found = Repetition(outcome, "because", new, explain(row(old), row(new), []))
    monkeypatch.setattr("mmexp.study.rerun.recorded", lambda ref, outputs: nullcontext((old, {})))
    monkeypatch.setattr("mmexp.study.rerun.config_again", lambda *given: None)
    monkeypatch.setattr("mmexp.study.rerun.rerun", lambda *given: found)
    assert main(["rerun", old.id]) == code
    said = capsys.readouterr().out
    assert said.startswith(f"{outcome}: because\n") and "B - A: +0.1" in said
