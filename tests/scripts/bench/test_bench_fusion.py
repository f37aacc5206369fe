from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "bench" / "bench_fusion.py"


def bench(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, SCRIPT, *words], cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_every_pair_agrees_and_is_measured(tmp_path):
    done = bench("--quick", "--only", "P17,P18,P19,P20,P21", "--json", "made/here.json", cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    rows = json.loads((tmp_path / "made" / "here.json").read_text())["rows"]
    whats = [row["what"] for row in rows]
    assert whats[:3] == ["low_rank", "tensor", "tensor, anchored"]
    assert whats[-5:] == ["concat", "gated", "film", "attention", "bottleneck"]
    assert all(cost["cpu"] > 0 for row in rows for sample in row["samples"] for cost in sample.values())
    heads, line, *_ = done.stdout.splitlines()
    assert heads.split() == ["id", "what", "reference", "threads", "ratio", "wall", "bound", "met"]
    assert line.startswith("P17  low_rank ")


@pytest.mark.slow
def test_the_sweep_knows_every_fusion_and_draws_what_they_cost(tmp_path):
    pytest.importorskip("matplotlib")
    done = bench("--quick", "--only", "sweep", "--json", "made/here.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "made" / "here.json").read_text())["sweep"]
    assert {row["fusion"] for row in rows} == {path.stem for path in (ROOT / "conf/fusion").glob("*.yaml")} - {"none"}
    assert all(row["ms"] > 0 and row["kept_mb"] > 0 for row in rows)
    cost = {row["fusion"]: row for row in rows}
    assert cost["transformer"]["kept_mb"] > cost["concat"]["kept_mb"]
    assert (tmp_path / "made" / "here.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_an_unknown_benchmark_is_refused_with_those_that_exist(tmp_path):
    done = bench("--only", "P17,P99", cwd=tmp_path)
    assert done.returncode == 2 and "P99 must be one of P17, P18, P19, P20, P21, sweep" in done.stderr
