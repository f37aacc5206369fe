from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.pivot import pivot


def test_each_cell_is_the_mean_of_its_runs(make_row):
    runs = [
        make_row(v + s / 10, s, fusion=f, task=t)
        for f, t, v in (("sum", "a", 0.1), ("film", "a", 0.5), ("sum", "b", 0.7))
        for s in (0, 1)
    ]
    runs.append(make_row(0.9, fusion="sum", task="a", control="blank"))
    (table,) = pivot(compare(runs, by=["fusion", "task"]), "fusion", "task")
    assert table.names == ["fusion", "a", "b"]
    assert table.rows == [("film", "0.550 ± 0.071 (2)", "-"), ("sum", "0.150 ± 0.071 (2)", "0.750 ± 0.071 (2)")]
    assert table.title == "fusion by task, test/accuracy"
    assert {k: table.records[2][k] for k in ("fusion", "task", "metric", "n")} == {
        "fusion": "sum",
        "task": "b",
        "metric": "test/accuracy",
        "n": 2,
    }


def test_other_data_and_other_metrics_are_not_mixed(make_row):
    runs = [make_row(0.1, data="ab"), make_row(0.2, data="cd")]
    first, second = pivot(compare(runs, by=["fusion", "seed"]), "fusion", "seed")
    assert (first.rows, second.rows) == ([("concat", "0.100 (1)")], [("concat", "0.200 (1)")])
    runs = [make_row(0.1, task="a"), make_row(0.2, task="b", metric="test/f1")]
    (table,) = pivot(compare(runs, by=["fusion", "task"]), "fusion", "task")
    assert table.names == ["fusion", "a (test/accuracy)", "b (test/f1)"]


def test_runs_that_a_cell_pools_are_named(make_row):
    runs = [make_row(0.1, lr=1), make_row(0.2, lr=2)]
    (table,) = pivot(compare(runs, by=["fusion", "task"]), "fusion", "task")
    assert table.notes[0] == "Rows are means over runs that differ in lr."
