from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.leaderboard import show, typed
from mmexp.analysis.verdict import BaselineComparison


def test_each_way_is_a_row_with_its_numbers_and_each_run_has_its_command(make_comparison_of, tags):
    found = tags(show(make_comparison_of("x"), Media()))
    assert len(found.all("tbody")) == 4 and len(found.all("code")) == 24
    assert found.words.count("mmexp train name=x") == 12
    assert "0.918 ± 0.018" in found.words and "+0.204 [" in found.words
    assert {one.get("scope") for one in found.all("th")} == {"col", "row"}


def test_numbers_are_sorted_by_their_value_and_missing_ones_have_none(make_row, tags):
    rows = [make_row(0.5), make_row(0.25, fusion="gated")]
    found = tags(show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media()))
    cells = [one for one in found.all("td") if "num" in (one.get("class") or "")]
    assert [one.get("data-value") for one in cells[:6]] == ["1", "1", "0.5", None, None, None]


def test_where_nothing_is_fused_there_is_no_column_of_verdicts(make_row, make_comparison_of, tags):
    rows = [make_row(0.5, fusion="none", inputs=["image"])]
    alone = show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media())
    assert "best single input" not in tags(alone).words
    assert "against its best single input" in tags(show(make_comparison_of(), Media())).words


def test_where_nothing_is_known_of_what_was_typed_a_new_run_is(make_row):
    run = make_row(0.5)
    assert typed(run) == f"mmexp train --config {run.folder.path}"


def test_a_secret_that_was_typed_is_not_shown(make_row, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "hunter2-hunter2")
    run = make_row(0.5)
    run.folder.path.mkdir(parents=True)
    run.folder.manifest.write_text('{"command": ["mmexp", "train", "x=hunter2-hunter2"]}')
    assert "hunter2" not in typed(run)
