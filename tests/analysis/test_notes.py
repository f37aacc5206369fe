from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mmexp.analysis.compare import Ranking, compare
from mmexp.analysis.difference import Difference
from mmexp.analysis.notes import notes, pooled, sources
from mmexp.analysis.verdict import Verdict
from mmexp.run.folder import RunFolder


def ranking(make_row, *seeds: int) -> Ranking:
    rows = [make_row(0.5 + seed / 100, seed) for seed in range(3)]
    return compare([*rows, *(make_row(0.9, seed, fusion="gated") for seed in seeds)])[0]


def test_a_lead_is_given_with_its_interval_and_too_few_seeds_are_reported(make_row):
    assert notes(ranking(make_row, 0, 1, 2)) == [
        "'gated' is better than 'concat' by 0.390 [0.365, 0.415] (95 %, 3 seeds)."
    ]
    first, second = notes(ranking(make_row, 0))
    assert first == "'gated' is ahead of 'concat', but 3 shared seeds are needed to rule out chance variation."
    assert second.startswith("Not all rows have the same seeds and folds")


def test_a_lead_chosen_among_many_rows_is_said_not_to_be_corrected_for_them(make_row):
    rows = [make_row(0.5 + seed / 100, seed) for seed in range(3)]
    more = [make_row(level, seed, fusion=name) for name, level in (("gated", 0.9), ("sum", 0.4)) for seed in range(3)]
    first, *_ = notes(compare([*rows, *more])[0])
    assert first.endswith("(95 %, 3 seeds), as if they were the only two of 3 rows.")


def test_one_row_needs_no_note(make_row):
    assert notes(compare([make_row(0.5)])[0]) == []


@pytest.mark.parametrize(("compared", "counted"), [(1, False), (8, True)])
def test_the_tests_behind_verdicts_are_named_once(compared, counted):
    found = replace(Difference(0.1, 0.0, 0.2), method="paired t (Student 1908)")
    verdict = Verdict("better", (RunFolder(Path("outputs/x/1")),), "image", found, compared=compared)
    named = sources([verdict, None, verdict])
    assert named.startswith("Verdicts: paired t (Student 1908)") and named.count("Student") == 1
    assert ("Holm" in named) is counted and sources([None]) == ""


def test_what_a_row_pools_is_named_but_for_seeds(make_row):
    runs = [make_row(0.5, seed, **{"optimizer.lr": seed}) for seed in range(2)]
    assert pooled(compare(runs, by=["fusion"])[0].groups) == "Rows are means over runs that differ in optimizer.lr."
    assert pooled(compare(runs)[0].groups) == ""
