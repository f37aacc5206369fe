"""Comparisons of runs that were never trained."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import Comparison, make_comparison
from mmexp.analysis.verdict import BaselineComparison
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

NAME = "a$b_{c}$<x>"
"""Of a fusion; a careless figure reads mathematics in it."""


@pytest.fixture
def make_comparisons(tmp_path: Path) -> Callable[..., list[Comparison]]:
    """Three fusions, each worse by a step and cheaper, and a single input on some data sets, three seeds each."""
    numbers = count()

    def row(value: float, seed: int, data: str, **config: Any) -> RunRow:
        folder = RunFolder(tmp_path / f"20260101-000000-{next(numbers):04x}")
        folder.path.mkdir()
        logged = [{"step": i, "epoch": i, "val/f1": value * i, "train/loss": 10.0**-i} for i in range(3)]
        folder.metrics.write_text("".join(f"{json.dumps(one)}\n" for one in logged))
        named = {"task": "t", "dataset": "d", "inputs": ["image", "text"], "seed": seed} | config
        level = value + seed * value / 50
        known = {"metrics": {"test/f1": level}, "monitor": "val/f1", "fingerprint": data, "alone": ("image",)}
        cost = {"parameters": 100 * len(str(config)), "seconds": 9.0}
        return RunRow(folder, "done", config=named, **known, **cost)

    def make(sets: str, step: float = 0.1) -> list[Comparison]:
        rows = []
        for seed, data in ((seed, data) for seed in range(3) for data in sets):
            rows += [row(0.9 - i * step, seed, data, fusion=name) for i, name in enumerate((NAME, "sum", "max"))]
            rows.append(row(0.5, seed, data, fusion="none", inputs=["image"]))
        baselines = BaselineComparison(rows)
        return [make_comparison(ranking, baselines) for ranking in compare(rows)]

    return make


@pytest.fixture
def written() -> Callable[[Any], str]:
    """A figure as SVG whose text stays text."""
    import matplotlib as mpl

    from mmexp.plot.comparison.style import SETTINGS

    def write(figure: Any) -> str:
        buffer = io.StringIO()
        with mpl.rc_context(SETTINGS):
            figure.savefig(buffer, format="svg")
        return buffer.getvalue().replace("&lt;", "<").replace("&gt;", ">")

    return write
