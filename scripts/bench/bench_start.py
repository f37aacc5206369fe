"""P1 and P2: how long a verb that trains nothing takes to start, over ``import torch``."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from harness import Cost, Pair

from mmexp.run import summary
from mmexp.run.folder import RunFolder

GUARD = "import sys; from mmexp.cli import main; sys.exit(main(sys.argv[1:]) or 'torch' in sys.modules)"


def start(quick: bool) -> Iterator[Pair]:
    """``mmexp --help``."""
    yield _pair("P1", ["--help"], 0.15)


def look(quick: bool) -> Iterator[Pair]:
    """``mmexp list`` and ``mmexp compare``."""
    with tempfile.TemporaryDirectory() as outputs:
        make_runs(Path(outputs), 10)
        yield _pair("P2", ["list", "--outputs", outputs], 0.30)
        yield _pair("P2", ["compare", "--outputs", outputs], 0.30)


def _pair(id: str, words: list[str], bound: float) -> Pair:
    ours, theirs = ["-m", "mmexp", *words], ["-c", "import torch"]
    if any(process(words)[1] for words in (["-c", GUARD, *words], ours, theirs)):
        raise AssertionError(f"mmexp {' '.join(words)} must succeed without importing torch.")
    return Pair(id, f"mmexp {words[0]}", "import torch", bound, lambda: process(ours)[0], lambda: process(theirs)[0])


def process(words: list[str]) -> tuple[Cost, int]:
    """Cost and exit code of a Python process, which may keep its byte code."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    wall, cpu = time.perf_counter(), _children()
    done = subprocess.run([sys.executable, *words], env=environment, stdout=subprocess.DEVNULL)
    return Cost(time.perf_counter() - wall, _children() - cpu), done.returncode


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def make_runs(outputs: Path, count: int) -> None:
    """Write runs that were never trained: two fusions, seed after seed."""
    for number in range(count):
        score = 0.5 + number / 100
        summary.write(
            RunFolder.create(outputs, "made-up"),
            {
                "status": "done",
                "monitor": "val/accuracy",
                "mode": "max",
                "metrics": {"val/accuracy": score, "test/accuracy": score, "test/f1": score},
                "parameters": {"total": 12345, "trained": 12345},
                "seconds": {"train": 61.0},
                "config": {
                    "task": "classification",
                    "dataset": "scenes",
                    "fusion": ("concat", "gated")[number % 2],
                    "seed": number // 2,
                },
                "fingerprint": "0",
            },
        )
