from __future__ import annotations

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.difference import by_t
from mmexp.analysis.verdict import Verdict
from mmexp.cli._evidence import show_equivalence, show_pairs, show_ranks
from mmexp.run.summary import row


@pytest.fixture
def rankings(make_run):
    """Three fusions over three seeds on four data sets, always in the same order."""
    runs = [
        make_run(0.9 - place / 10 + seed / 100 + place * seed / 500, seed=seed, fusion=name, dataset=data, data=data)
        for place, name in enumerate(("gated", "film", "sum"))
        for seed in range(3)
        for data in "abcd"
    ]
    return compare([row(folder) for folder in runs])


def test_each_two_rows_are_compared_and_all_pairs_are_counted(rankings, capsys):
    show_pairs(rankings[0])
    out = capsys.readouterr().out
    assert out.startswith("all pairs by test/accuracy")
    assert all(word in out for word in ("gated", "+0.098", "+0.196", "p by Holm 1979 over 3", "Student 1908"))
    show_pairs(compare([rankings[0].groups[0].runs[0]])[0])
    assert capsys.readouterr().out == ""


def test_rows_of_one_input_are_told_apart_by_what_differs(make_run, capsys):
    runs = [
        make_run(0.5 + dim / 100, seed=seed, fusion="none", inputs=["image"], dim=dim)
        for dim in (8, 16)
        for seed in (0, 1, 2)
    ]
    show_pairs(compare([row(folder) for folder in runs])[0])
    out = capsys.readouterr().out
    assert "dim=16" in out and "dim=8" in out and "image alone" not in out


def test_how_probable_it_is_that_a_difference_matters_is_said(rankings, capsys):
    found = by_t(0.02, 0.01, 2, 3, "seeds", "t")
    show_equivalence(rankings[0], [Verdict("better", (), "image", found), None, None], 0.01)
    out = capsys.readouterr().out
    assert "0.789" in out and "Equal: within 0.01 of test/accuracy" in out and "Benavoli" in out
    show_equivalence(rankings[0], [None, None, None], 0.01)
    assert capsys.readouterr().out == ""


def test_ranks_over_data_sets_name_what_is_alike(rankings, capsys):
    show_ranks(rankings)
    out = capsys.readouterr().out
    assert "1.00" in out and "3.00" in out and "4 data sets; Friedman test (Friedman 1937) p = 0.018" in out
    assert [line.split()[0] for line in out.splitlines() if line.strip().endswith("yes")] == ["film"]
    show_ranks(rankings[:1])
    assert "need at least 3 fusions" in capsys.readouterr().out
