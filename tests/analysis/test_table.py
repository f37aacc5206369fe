from __future__ import annotations

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.table import Table, tabulate, title
from mmexp.analysis.verdict import BaselineComparison


def table(make_row, gap: float = 0.3, **options) -> Table:
    """Fusions and a single input over three seeds; the first fusion leads by a gap."""
    lead = [make_row(0.6 + gap + s / 100, s, fusion="gated") for s in range(3)]
    rest = [make_row(0.6 + (s * 2 % 3) / 100, s, fusion=f) for f in ("concat", "film") for s in range(3)]
    alone = [make_row(0.5, s, fusion="none", inputs=["image"]) for s in range(3)]
    (ranking,) = compare([*lead, *rest, *alone])
    return tabulate(ranking, BaselineComparison(lead + rest + alone).verdicts(ranking), **options)


def test_what_differs_comes_first_then_the_metric_and_the_verdict(make_row):
    found = table(make_row, whole=True)
    assert found.names == ["fusion", "inputs", "n", "test/accuracy", "verdict", "weights", "train"]
    assert found.rows[0][:4] == ("gated", "image+audio", "3", "0.910 ± 0.010")
    assert found.title == "vqa on world, data ab: best first by test/accuracy (more is better)"
    assert len(found.records) == 4 and found.records[0]["config"]["fusion"] == "gated"


def test_columns_can_be_chosen_and_sorted(make_row):
    found = table(make_row, names=["test/accuracy", "fusion"], sort="fusion", whole=True)
    assert found.names == ["test/accuracy", "fusion"]
    assert [row[1] for row in found.rows] == ["concat", "film", "gated", "none"]
    assert [one["config"]["fusion"] for one in found.records] == ["concat", "film", "gated", "none"]
    assert "sorted by fusion, test/accuracy" in found.title
    assert table(make_row, names=["fusion"], sort="-test/accuracy").rows[0] == ("gated",)


@pytest.mark.parametrize(("gap", "best"), [(0.3, 2), (0.001, None)])
def test_the_best_is_marked_only_if_it_is_better_than_every_other_beyond_chance(make_row, gap, best):
    assert table(make_row, gap, sort="fusion", whole=True).best == best
    assert table(make_row, gap, sort="fusion").best is None


def test_rows_that_pool_other_settings_say_so(make_row):
    runs = [make_row(0.5, lr=0.1), make_row(0.6, lr=0.2)]
    assert tabulate(compare(runs, by=["fusion"])[0], [None]).notes[0] == "Rows are means over runs that differ in lr."
    assert not tabulate(compare(runs[:1])[0], [None]).notes


def test_a_title_says_what_is_compared(make_row):
    assert title(compare([make_row(3.0, metric="test/wer")])[0]).endswith("best first by test/wer (more is better)")
