from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mmexp.cli._advice import print_advice, reason
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow


def test_the_newest_runs_that_can_be_resumed_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [RunRow(RunFolder(Path(f"outputs/x/r{i}")), "killed", "gone\nmore") for i in range(5)]
    print_advice([*rows, replace(rows[0], status="done")])
    assert capsys.readouterr().out.splitlines() == [
        f"killed, to resume it: mmexp train resume=r{i}" for i in range(2, 5)
    ]
    assert reason(rows[0]) == "gone"
