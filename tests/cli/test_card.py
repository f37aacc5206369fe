from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main


def test_a_card_is_printed_or_written(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    folder.start.write_text(json.dumps({"sha256": "", "config": {"dim": 8}}))
    assert main(["card", folder.id]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"# x/{folder.id}\n") and "| test/accuracy | 0.5 |" in text
    assert main(["card", folder.id, "--to", "card.md"]) == 0
    assert Path("card.md").read_text() == text
    capsys.readouterr()
    assert main(["card", folder.id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["config"] == {"dim": 8}
