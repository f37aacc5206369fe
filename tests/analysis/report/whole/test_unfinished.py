from __future__ import annotations

from dataclasses import replace

from mmexp.analysis.report.whole.unfinished import show


def test_a_run_that_is_not_done_says_why_and_what_to_type(make_row, tags):
    run = replace(make_row(0.5), status="killed", reason="out of\nmemory")
    found = tags(show([], [run, replace(run, status="running", reason="")]))
    assert "2 runs that no number counts." in found.words and "out of" in found.words and "memory" not in found.words
    assert found.words.count("mmexp train resume=") == 1


def test_if_all_are_done_there_is_nothing(make_row):
    assert show([], []) is None
