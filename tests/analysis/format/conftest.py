from __future__ import annotations

import pytest

from mmexp.analysis.column import Column
from mmexp.analysis.compare import Score
from mmexp.analysis.table import Table


@pytest.fixture
def table() -> Table:
    """Two rows, of which the first is the best, with all that a format could take for its own."""
    hostile = r"a|b\c{d}%$#_&~^<script>[x]*`" + "\x1b[31m\n'\""
    scores = (Score(0.9125, 0.01, (0.9,)), Score(0.5, None, (0.5,)))
    verdict = {"outcome": "better", "baseline": "image", "difference": 0.25, "low": 0.1, "high": None}
    columns = (
        Column("fusion", (hostile, "=2+2"), (hostile, "=2+2")),
        Column("n", (3, None), ("3", "-"), is_number=True),
        Column("test/accuracy", scores, ("0.912 ± 0.010", "0.500"), is_number=True),
        Column("verdict", (verdict, None), ("+0.250 over image", "-")),
    )
    records = ({"config": {"fusion": hostile}}, {"config": {}})
    return Table("x & y: best", columns, ("a_b <i>",), records, "test/accuracy", 0, "mmexp compare --where 'a < 3'")
