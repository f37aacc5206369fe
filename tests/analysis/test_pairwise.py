from __future__ import annotations

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.holm import holm
from mmexp.analysis.pairwise import pairwise


def test_p_values_of_all_pairs_are_counted_together(make_row):
    values = {"gated": (0.9, 0.91, 0.93), "film": (0.8, 0.84, 0.83), "sum": (0.79, 0.83, 0.84)}
    rows = [make_row(one, seed, fusion=name) for name, own in values.items() for seed, one in enumerate(own)]
    [ranking] = compare(rows)
    found = pairwise(ranking)
    assert [(one.first.config["fusion"], one.second.config["fusion"]) for one in found] == [
        ("gated", "film"),
        ("gated", "sum"),
        ("film", "sum"),
    ]
    assert [one.adjusted for one in found] == pytest.approx(holm([one.difference.p or 0.0 for one in found]))


def test_rows_without_a_shared_seed_are_no_pair_and_few_seeds_give_no_p(make_row):
    [ranking] = compare([make_row(0.5), make_row(0.6, 1, fusion="sum"), make_row(0.7, 1, fusion="film")])
    [found] = pairwise(ranking)
    assert found.difference.mean == pytest.approx(0.1) and found.adjusted is None
