from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexp.analysis.recompute import recompute
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

Check = Callable[..., None]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Check that a metric follows from rows as it was reported, and from samples that are drawn several times."""

    def checked(metric: str, rows: Sequence[Mapping[str, Any]], measure: Callable[[Sequence[Any]], float]) -> None:
        drawn = np.sort(np.random.default_rng(1).integers(0, len(rows), len(rows)))
        weights = np.bincount(drawn, minlength=len(rows))[None].astype(float)
        folder = RunFolder.create(tmp_path, "x")
        folder.predictions("test").parent.mkdir()
        lines = [json.dumps({**row, "id": f"s{i:03}"}) + "\n" for i, row in enumerate(rows)]
        folder.predictions("test").write_text("".join(lines))
        reported = measure(rows)
        found = recompute(RunRow(folder, "done", metrics={f"test/{metric}": reported}), f"test/{metric}")
        assert found is not None and found.ids == tuple(f"s{i:03}" for i in range(len(rows)))
        one, again = found.value(np.concatenate([np.ones((1, len(rows))), weights]))
        assert one == pytest.approx(reported, abs=1e-6)
        assert again == pytest.approx(measure([rows[i] for i in drawn]), abs=1e-6)

    return checked
