from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.analysis.runs_table import runs_table
from mmexp.error import ConfigError


def test_a_row_says_what_a_run_came_to_or_why_it_is_not_done(make_row):
    runs = [
        make_row(0.5),
        replace(make_row(0.6, fusion="sum"), status="failed", reason="loss is nan\nmore", note="odd"),
    ]
    runs[0] = replace(runs[0], metrics={"val/accuracy": 0.5})
    table = runs_table(runs)
    assert table.names == ["run", "name", "status", "result", "note"]
    assert [row[2:] for row in table.rows] == [("done", "val/accuracy 0.500", "-"), ("failed", "loss is nan", "odd")]


def test_columns_can_be_chosen_and_sorted(make_row):
    runs = [make_row(v, fusion=f) for v, f in ((0.5, "b"), (0.7, "a"), (0.6, "c"))]
    table = runs_table(runs, ["fusion", "test/accuracy"], "-test/accuracy")
    assert table.rows == [("a", "0.700"), ("c", "0.600"), ("b", "0.500")]
    assert table.records[0] == {"fusion": "a", "test/accuracy": 0.7}
    with pytest.raises(ConfigError, match=r"runs: --sort must name a column, got 'never'"):
        runs_table(runs, sort="never")
