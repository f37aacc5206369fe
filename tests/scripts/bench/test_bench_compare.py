from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_a_look_at_many_runs_is_measured_without_and_with_an_index(tmp_path):
    words = [sys.executable, ROOT / "scripts/bench/bench_compare.py", "--quick", "--only", "C2,C3", "--json", "b.json"]
    subprocess.run(words, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    rows = json.loads((tmp_path / "b.json").read_text())["rows"]
    assert [row["what"] for row in rows] == ["compare, 1,000 runs", "compare, 1,000 runs, index"]
