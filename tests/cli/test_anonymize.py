from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.cli import main


def test_a_copy_and_its_report_are_written(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    copy, words = tmp_path / "copy", ["anonymize", str(tiny / "manifest.jsonl")]
    assert main([*words, "--to", str(copy), "--salt-file", str(tmp_path / "salt")]) == 0
    shown = capsys.readouterr().out
    assert "24 rows in manifest.jsonl" in shown and "id: hashed 24" in shown and "image: images 24" in shown
    assert (copy / "anonymize.txt").read_text() == shown
    found = json.loads((copy / "anonymize.json").read_text())
    assert found["salt"] == "from salt" and len(list((copy / "image").iterdir())) == 24
    assert main([*words, "--to", str(tmp_path / "other"), "--ids", "label", "--texts", "text", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["columns"]["label"] == {"hashed": 24} and "id" in found["untouched"] and not found["guessed"]


def test_a_folder_that_holds_something_is_refused(tiny: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["anonymize", str(tiny / "manifest.jsonl"), "--to", str(tiny)]) == 2
    assert "--to must be a folder that is empty" in capsys.readouterr().err
