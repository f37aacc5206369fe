from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison, read_comparisons
from mmexp.analysis.verdict import BaselineComparison
from mmexp.error import ConfigError


def comparison_of(rows):
    return make_comparison(compare(rows)[0], BaselineComparison(rows))


def test_ways_stand_best_first_with_a_name_and_a_verdict(make_row):
    rows = [make_row(0.9, fusion="gated"), make_row(0.7, fusion="none", inputs=["image"])]
    rows += [make_row(0.5, fusion="none", inputs=["audio"]), make_row(0.2, control="shuffled")]
    found = comparison_of(rows)
    assert [way.name for way in found.ways] == ["gated", "image alone", "audio alone", "shuffled inputs"]
    assert [way.is_baseline for way in found.ways] == [False, True, True, True]
    assert [bool(one) for one in found.verdicts] == [True, False, False, False]
    single = found.best_single
    assert single and (single[0].name, single[1]) == ("image alone", 0.7)
    assert [way.name for way, _ in found.drawn] == ["gated", "image alone"]


def test_where_nothing_is_fused_all_ways_are_drawn(make_row):
    rows = [make_row(value, fusion="none", inputs=[name]) for value, name in ((0.7, "image"), (0.1, "audio"))]
    found = comparison_of(rows)
    assert len(found.drawn) == 2 and not any(way.is_baseline for way in found.ways)


def test_no_two_ways_share_a_name(make_row):
    rows = [make_row(0.1 * i, fusion="none", inputs=["image"], dim=dim) for i, dim in enumerate((8, 16))]
    assert [way.name for way in comparison_of(rows).ways] == ["dim=16", "dim=8"]


def test_a_way_without_the_metric_is_not_drawn(make_row):
    rows = [make_row(0.5), replace(make_row(0.0, fusion="gated"), metrics={"test/accuracy": None})]
    assert [way.name for way, _ in comparison_of(rows).scored] == ["concat"]


def test_the_title_is_what_is_compared(make_row):
    assert comparison_of([replace(make_row(0.5, data="0123456789"), tokenize="words")]).title == (
        "vqa on world, data 01234567, scored in words, runs x"
    )


def test_the_baselines_of_named_runs_are_read_with_them(monkeypatch, make_row):
    named, alone = make_row(0.9), make_row(0.7, fusion="none", inputs=["image"])
    other = make_row(0.8, data="cd", fusion="none", inputs=["image"])
    module = "mmexp.analysis.comparison"
    monkeypatch.setattr(f"{module}.to_compare", lambda refs, outputs: ([named.folder], 0))
    monkeypatch.setattr(f"{module}.row", lambda folder: named)
    monkeypatch.setattr(f"{module}.neighbours", lambda folders: [named, alone, other])
    read = read_comparisons(["x"], "outputs")
    assert [way.name for way in read.comparisons[0].ways] == ["concat", "image alone"] and not read.unfinished


def test_without_a_run_that_is_done_there_is_nothing_to_compare(tmp_path):
    with pytest.raises(ConfigError, match="runs must be done to be compared, got none of 0 in"):
        read_comparisons([], str(tmp_path))
