"""P28: a sweep of short jobs, two at a time, over a call of ``mmexp train`` for each of them, one after another.

    python scripts/bench/bench_sweep.py [--jobs 20] [--epochs 8]

It takes minutes and is no part of ``make bench``. Exits with 1 if the bound is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mmexp.run.folder import runs
from mmexp.run.summary import row

BOUND = 0.5
WORDS = ["task=regression", "inputs=[image,text]", "fusion=sum", "dim=16", "dataset.sizes=[64,8,8]"]
WORDS += ["dataset.image_size=32", "dataset.cache=null", "hardware=cpu", "training.batch_size=8"]


def took(commands: Sequence[Sequence[str]]) -> float:
    """Seconds that commands take, one after another."""
    began = time.perf_counter()
    for words in commands:
        subprocess.run([sys.executable, "-m", "mmexp", "train", *words], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> int:
    """Measure both once, the second one on a warm disk."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=8, help="of each job, so that it trains for about a second")
    given = parser.parse_args()
    words = [*WORDS, f"training.epochs={given.epochs}"]
    with tempfile.TemporaryDirectory() as folder:
        took([[*words, f"outputs={folder}/warm"]])
        sweep = took([["-m", *words, f"seed=range(0,{given.jobs})", "--workers", "2", f"outputs={folder}/sweep"]])
        calls = took([[*words, f"seed={seed}", f"outputs={folder}/calls"] for seed in range(given.jobs)])
        found = [[row(run) for run in runs(Path(folder, name))] for name in ("sweep", "calls")]
        if {len(rows) for rows in found} != {given.jobs}:
            raise AssertionError(f"Both sides must train {given.jobs} runs, got {[len(rows) for rows in found]}.")
        trained = sorted(one.seconds or 0.0 for rows in found for one in rows)
    print(f"a job trains for {trained[len(trained) // 2]:.1f} s (median)")
    print(f"P28: {sweep:.1f} s over {calls:.1f} s: {sweep / calls:.2f}, at most {BOUND}")
    return int(sweep / calls > BOUND)


if __name__ == "__main__":
    sys.exit(main())
