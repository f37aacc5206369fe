from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run import summary
from mmexp.run.folder import runs


def test_a_sweep_trains_every_combination_and_shows_what_became_of_it(
    lab: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    """Two of them diverge; the others do not care."""
    words = [*lab.overrides, "fusion=concat,gated", "optimizer.lr=0.01,1e+30", "learning.clip=0", "learning.epochs=1"]
    assert main(["train", "-m", *words, "--workers", "2"]) == 1
    shown = capsys.readouterr().out
    found = {run.id: summary.row(run) for run in runs(tmp_path / "outputs")}
    assert sorted(row.status for row in found.values()) == ["done", "done", "failed", "failed"]
    assert "4 jobs, 2 at a time" in shown
    assert "[4/4]  fusion=gated optimizer.lr=1e+30  failed" in shown
    for run, row in found.items():
        (line,) = [line for line in shown.splitlines() if f"   {run}" in line]
        typed = json.loads(row.folder.manifest.read_text())["command"]
        assert row.status in line
        assert " ".join(word for word in typed if word.startswith(("fusion", "optimizer"))) in line
        if row.status == "done":
            assert f"val/accuracy {row.metrics['val/accuracy']:.3f}" in line
        else:
            assert "must be finite" in row.reason and f": see {row.folder.log}\n" in shown


def test_nothing_starts_while_one_of_the_configs_is_wrong(lab: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main(["train", "-m", *lab.overrides, "fusion=concat,gatd", "seed=0,1"]) == 2
    said = capsys.readouterr()
    assert said.err.count("Did you mean 'gated'?") == 1 and not said.out
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["-m", "--workers", "0"], "--workers must be at least 1, got 0"),
        (["-m", "--time-limit", "0"], "--time-limit must be above 0 s, got 0"),
        (["--workers", "2"], "--workers, --time-limit or --fail-fast without -m"),
        (["--fail-fast"], "--workers, --time-limit or --fail-fast without -m"),
    ],
)
def test_options_that_make_no_sense_are_refused(words: list[str], rule: str, capsys: pytest.CaptureFixture[str]):
    assert main(["train", "dataset=manifest", *words]) == 2
    assert rule in capsys.readouterr().err
