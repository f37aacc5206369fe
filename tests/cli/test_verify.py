from __future__ import annotations

from typing import Any

import pytest

from mmexp.cli import main


def test_a_damaged_run_is_listed_and_fails(lab: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = lab.train("training.epochs=1")
    assert main(["verify", str(folder.path)]) == 0
    assert capsys.readouterr().out == f"OK: {folder.path}\n"
    damaged = [*folder.checkpoints.glob("best-*.ckpt"), folder.tokenizer]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-1])
    assert main(["verify", "--outputs", str(folder.path.parent.parent)]) == 1
    said = capsys.readouterr().out
    assert all(f"{path}: " in said for path in damaged) and "OK" not in said
