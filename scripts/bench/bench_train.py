"""Measure mmexp against plain PyTorch, Hugging Face and itself; each benchmark is a ratio of two sides in one run.

    make bench
    python scripts/bench/bench_train.py [--only P5,P6] [--quick] [--json FILE]

A bound counts as missed beyond 10 %, if a second measurement misses it too and the machine is not busy.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

import bench_cache  # noqa: E402
import bench_decode  # noqa: E402
import bench_loop  # noqa: E402
import bench_start  # noqa: E402
from harness import cells, line  # noqa: E402
from report import Benches, Report, arguments, ratios  # noqa: E402

BENCHES: Benches = {
    "P1": bench_start.start,
    "P2": bench_start.look,
    "P5": bench_loop.defaults,
    "P6": bench_loop.small,
    "P14": bench_cache.cached,
    "P22": bench_decode.hugging_face_greedy,
    "P23": bench_decode.no_cache,
    "P24": bench_decode.hugging_face_beam,
}
PROCESSES = ("P1", "P2")  # the number of threads does not reach them


def main() -> int:
    """Run the benchmarks asked for; print and store each row when it is measured."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    given = arguments("Measure mmexp side by side with what it is built on.", list(BENCHES), "outputs/bench.json")
    with Report(given.json, ["rows"]) as report:
        for row in ratios(BENCHES, given.only, given.quick, once=PROCESSES):
            report.add("rows", row, line(cells(row)))
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
