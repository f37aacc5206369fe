from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("suggest") / "outputs").train("training.epochs=1")


def test_the_least_certain_samples_are_listed_first(run, tiny, capsys):
    words = ["suggest", str(run.path), "--unlabeled", str(tiny / "manifest.jsonl")]
    assert main([*words, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [row["uncertainty"] for row in rows]
    assert len(rows) == 24 and found == sorted(found, reverse=True)
    assert main([*words, "--top", "3", "--by", "entropy", "training.batch_size=5"]) == 0
    shown = capsys.readouterr().out.strip().splitlines()
    assert shown[0].split() == ["id", "scores", "uncertainty"] and shown[-1] == "21 more are shown by --json."


def test_a_table_must_be_named(run, capsys):
    assert main(["suggest", str(run.path)]) == 2
    assert "--unlabeled" in capsys.readouterr().err
