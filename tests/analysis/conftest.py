"""Rows of runs that were never trained, made up by their result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

MakeRow = Callable[..., RunRow]


@pytest.fixture
def make_row(tmp_path: Path) -> MakeRow:
    """A finished run by its accuracy on the test split, with prediction rows if they are given."""
    numbers = count()

    def make(
        value: float,
        seed: int = 0,
        *,
        metric: str = "test/accuracy",
        data: str = "ab",
        groups: Mapping[str, Any] | None = None,
        rows: Sequence[Mapping[str, Any]] = (),
        **config: Any,
    ) -> RunRow:
        folder = RunFolder(tmp_path / "x" / f"20260101-000000-{next(numbers):04x}")
        if rows:
            folder.predictions("test").parent.mkdir(parents=True)
            folder.predictions("test").write_text("".join(f"{json.dumps(one)}\n" for one in rows))
        named = {"task": "vqa", "dataset": "world", "fusion": "concat", "inputs": ["image", "audio"], "seed": seed}
        return RunRow(
            folder,
            "done",
            config=named | config,
            metrics={metric: value},
            monitor=metric.replace("test/", "val/"),
            fingerprint=data,
            groups=groups or {},
        )

    return make
