from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "bench" / "bench_train.py"


def bench(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, SCRIPT, *words], cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_benchmark_prints_one_table_and_keeps_every_sample(tmp_path):
    done = bench("--quick", "--only", "P1", "--json", "made/here.json", cwd=tmp_path)
    report = json.loads((tmp_path / "made" / "here.json").read_text())
    (row,) = report["rows"]
    assert row["id"] == "P1" and row["bound"] == 0.15 and row["threads"] == 1
    assert [sorted(sample) for sample in row["samples"]] == [["ours", "theirs"]] * 2
    assert all(cost[clock] > 0 for sample in row["samples"] for cost in sample.values() for clock in ("wall", "cpu"))
    ratios = sorted(sample["ours"]["cpu"] / sample["theirs"]["cpu"] for sample in row["samples"])
    assert row["value"] == pytest.approx(sum(ratios) / 2)
    assert report["versions"]["torch"] and len(report["load"]) == 3 and report["busy"] == row["busy"]
    heads, line, *_ = done.stdout.splitlines()
    assert heads.split() == ["id", "what", "reference", "threads", "ratio", "wall", "bound", "met"]
    assert line.split()[:6] == ["P1", "mmexp", "--help", "import", "torch", "1"]


@pytest.mark.slow
def test_an_unknown_benchmark_is_refused_with_those_that_exist(tmp_path):
    done = bench("--only", "P1,P99", cwd=tmp_path)
    assert done.returncode == 2 and "P99 must be one of P1, P2, P5" in done.stderr


@pytest.mark.slow
def test_a_stopped_benchmark_keeps_what_it_has(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, SCRIPT, "--quick", "--only", "P1,P23", "--json", "here.json"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    assert process.returncode == 130 and lines[1].startswith("P1")
    assert "stopped; 1 rows with all samples are in here.json" in said
    assert [row["id"] for row in json.loads((tmp_path / "here.json").read_text())["rows"]] == ["P1"]
