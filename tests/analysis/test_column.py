from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mmexp.analysis.column import columns, further, known_names, refuse_unknown, setting
from mmexp.analysis.compare import compare
from mmexp.error import ConfigError


def test_each_name_has_its_values_and_texts(make_row):
    runs = [make_row(0.5 + s / 10, s, fusion=f) for f in ("concat", "gated") for s in (0, 1)]
    runs = [replace(run, parameters=12_345, seconds=61.0, dirty=run is runs[0], tags=("paper",)) for run in runs]
    (ranking,) = compare(runs)
    found = columns(
        ranking, [None, None], ["fusion", "n", "test/accuracy", "weights", "train", "marks", "tags", "never"]
    )
    texts = {column.name: column.texts for column in found}
    assert texts == {
        "fusion": ("concat", "gated"),
        "n": ("2", "2"),
        "test/accuracy": ("0.550 ± 0.071",) * 2,
        "weights": ("12.3k",) * 2,
        "train": ("61 s",) * 2,
        "marks": ("1 dirty", "-"),
        "tags": ("paper",) * 2,
        "never": ("-", "-"),
    }
    assert [column.is_number for column in found[:3]] == [False, True, True]
    assert further(ranking) == ["weights", "train", "marks", "tags"]


def test_a_default_is_shown_where_another_row_was_typed(make_row):
    runs = [make_row(0.5), make_row(0.6, **{"optimizer.lr": 0.01})]
    runs[0].folder.path.mkdir(parents=True)
    runs[0].folder.start.write_text(json.dumps({"config": {"optimizer": {"lr": 0.001, "betas": [0.9, 0.99]}}}))
    (ranking,) = compare(runs)
    assert ranking.columns == ["optimizer.lr"]
    assert columns(ranking, [], ["optimizer.lr"])[0].texts == ("0.01", "0.001")
    default = ranking.groups[1]
    assert setting(default, "optimizer.betas") == [0.9, 0.99]
    assert setting(default, "optimizer") is None and setting(default, "optimizer.lr.none") is None


def test_rows_are_ordered_by_value_with_the_undefined_last(make_row):
    runs = [
        make_row(v, fusion=str(v), **k)
        for v, k in ((0.5, {"dim": 10}), (0.6, {}), (0.7, {"dim": 9}), (0.8, {"dim": "x"}))
    ]
    (ranking,) = compare(runs)
    dim, accuracy = columns(ranking, [], ["dim", "test/accuracy"])
    assert [dim.texts[i] for i in dim.order] == ["9", "10", "x", "-"]
    assert [accuracy.texts[i] for i in accuracy.order] == ["0.500", "0.600", "0.700", "0.800"]
    assert dim.taken(dim.order).texts == ("9", "10", "x", "-")


def test_names_that_no_ranking_has_are_refused(make_row):
    rankings = compare([make_row(0.5), make_row(0.5, task="other", dim=3)])
    assert {"fusion", "dim", "test/accuracy", "verdict", "n", "runs"} <= {*known_names(rankings)}
    refuse_unknown("--sort", ["dim", "verdict"], rankings)
    with pytest.raises(ConfigError, match=r"compare: --columns must name a column, got 'fusoin'") as caught:
        refuse_unknown("--columns", ["fusoin"], rankings)
    assert "fusion" in caught.value.hint
