"""Run a graph in a process of its own, and print how long it takes and how much memory: ``python -m``, no torch."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.error import MmexpError

WARM = 20
RUNS = 200


def timed(graph: Path, inputs: Mapping[str, np.ndarray], runs: int = RUNS, threads: int = 1) -> dict[str, float]:
    """Return the latency of a graph in ms, the median and the 95th percentile, and the memory of its process in MB.

    Args:
        graph: Of ONNX.
        inputs: Its tensors by name, of one sample.
        runs: After ``WARM`` others.
        threads: Of ONNX Runtime.

    Raises:
        MmexpError: If the process fails.
    """
    place = graph.with_name("inputs.npz")
    np.savez(place, **inputs)  # type: ignore[arg-type]
    words = [sys.executable, "-m", __name__, str(graph), str(place), str(runs), str(threads)]
    try:
        done = subprocess.run(words, capture_output=True, text=True)
    finally:
        place.unlink()
    if done.returncode:
        raise MmexpError(f"timing: graph must run, got {done.stderr.strip().splitlines()[-1:]}.")
    return dict(json.loads(done.stdout))


def measure(graph: str, inputs: str, runs: int, threads: int) -> dict[str, float]:
    """Run a graph in this process; see ``timed``."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session: Any = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    stored = np.load(inputs, allow_pickle=False)
    given = {one.name: stored[one.name] for one in session.get_inputs()}
    seconds = []
    for _ in range(WARM + runs):
        begun = time.perf_counter()
        session.run(None, given)
        seconds.append(time.perf_counter() - begun)
    p50, p95 = np.quantile(seconds[WARM:], [0.5, 0.95]) * 1000
    return {"p50_ms": float(p50), "p95_ms": float(p95), "memory_mb": peak_memory()}


def peak_memory() -> float:
    """Return the most memory that this process has held, in MB."""
    status = Path("/proc/self/status")  # of a process that was started, rusage counts what its parent had held
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
