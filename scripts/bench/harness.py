"""Measure two sides of a benchmark in one run: interleaved, both warm, CPU and wall time, every sample kept."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median, quantiles
from typing import Any, Literal

Kind = Literal["time", "speed", "extra"]
PACKAGES = ("torch", "pytorch-lightning", "transformers", "numpy")
BUSY = 0.5  # load in addition to our own threads
SLACK = 1.1  # a bound counts as missed beyond it, since time is never exact


@dataclass(frozen=True)
class Cost:
    """What something took, in seconds.

    Args:
        wall: By the clock.
        cpu: Of this process, or of a child process, over all threads.
    """

    wall: float
    cpu: float


@dataclass(frozen=True)
class Pair:
    """Two sides that do the same. Whoever makes the pair has checked it, and so run each side once: both are warm.

    Args:
        id: Row in the list of benchmarks.
        what: Our side.
        reference: The other one.
        bound: Of ``kind``.
        ours: Does it once.
        theirs: Does it once.
        kind: ``time`` ours / theirs at most, ``speed`` theirs / ours at least, ``extra`` ours - theirs at most, in ms.
    """

    id: str
    what: str
    reference: str
    bound: float
    ours: Callable[[], Cost]
    theirs: Callable[[], Cost]
    kind: Kind = "time"


def clocks() -> tuple[float, float]:
    """Wall and CPU time of this process."""
    return time.perf_counter(), time.process_time()


def timed(function: Callable[[], object]) -> Cost:
    """Cost of one call."""
    wall, cpu = clocks()
    function()
    return Cost(*(now - then for now, then in zip(clocks(), (wall, cpu), strict=True)))


def measure(pair: Pair, repeats: int, threads: int) -> dict[str, Any]:
    """Time both sides in turn, the first one alternating. One thread is measured by CPU time, several by wall time.

    Returns:
        The row for the table and the JSON file; ``value`` is the median over the repeats.
    """
    load = os.getloadavg()[0]
    samples = [_both(pair, ours_first=repeat % 2 == 0) for repeat in range(repeats)]
    clock = "cpu" if threads == 1 else "wall"
    by_clock = {name: _spread([_compare(pair.kind, sample, name) for sample in samples]) for name in ("cpu", "wall")}
    value = by_clock[clock]["median"]
    return {
        **{name: getattr(pair, name) for name in ("id", "what", "reference", "kind", "bound")},
        "threads": threads,
        "clock": clock,
        "value": value,
        "met": value >= pair.bound if pair.kind == "speed" else value <= pair.bound,
        "missed": value < pair.bound / SLACK if pair.kind == "speed" else value > pair.bound * SLACK,
        "load": load,
        "busy": max(load, os.getloadavg()[0]) > threads + BUSY,
        "by_clock": by_clock,
        "samples": samples,
    }


def _both(pair: Pair, ours_first: bool) -> dict[str, dict[str, float]]:
    costs: dict[str, dict[str, float]] = {}
    for name in ("ours", "theirs") if ours_first else ("theirs", "ours"):
        gc.collect()
        costs[name] = asdict(getattr(pair, name)())
    return costs


def _compare(kind: Kind, sample: dict[str, dict[str, float]], clock: str) -> float:
    ours, theirs = sample["ours"][clock], sample["theirs"][clock]
    return {"time": ours / theirs, "speed": theirs / ours, "extra": 1000 * (ours - theirs)}[kind]


def _spread(values: list[float]) -> dict[str, float]:
    low, _, high = quantiles(values, n=4) if len(values) > 1 else values * 3
    return {"median": median(values), "low": low, "high": high}


HEADS = ("id", "what", "reference", "threads", "ratio", "wall", "bound", "met")
WIDTHS = (3, 27, 24, 7, 25, 9, 8, 1)


def line(cells: Sequence[str]) -> str:
    """One line of the table; columns are as wide as the widest cell is expected to be."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Cells of a row: the ratio is the median with its quartiles."""
    unit, sign = " ms" if row["kind"] == "extra" else "x", ">=" if row["kind"] == "speed" else "<="
    spread = row["by_clock"][row["clock"]]
    met = "yes" if row["met"] else "no" if row["missed"] else "within 10 %"
    return (
        row["id"],
        row["what"],
        row["reference"],
        str(row["threads"]),
        f"{spread['median']:.2f}{unit} [{spread['low']:.2f}, {spread['high']:.2f}]",
        f"{row['by_clock']['wall']['median']:.2f}{unit}",
        f"{sign} {row['bound']}{unit}",
        met + (" (busy)" if row["busy"] else ""),
    )


def surroundings() -> dict[str, Any]:
    """Return versions and machine, which are stored with the samples."""
    from mmexp.run.machine import cpu_count, cpu_model

    versions = {name: version(name) for name in PACKAGES}
    return {"versions": versions, "cpu": cpu_model(), "cores": cpu_count(), "load": list(os.getloadavg())}
