from __future__ import annotations

from typing import Any

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.where import unseen, where
from mmexp.error import ConfigError
from mmexp.run.summary import RunRow


@pytest.fixture
def runs(make_row) -> list[RunRow]:
    """Three fusions of two seeds each, and an input alone."""
    level = {"concat": 0.6, "gated": 0.8, "film": 0.9}
    fused = [
        make_row(v + s / 100, s, fusion=name, **{"optimizer.lr": v / 10}) for name, v in level.items() for s in (0, 1)
    ]
    return [*fused, make_row(0.5, inputs=["image"], fusion="none", fold="0")]


def names(runs: list[RunRow], condition: str) -> str:
    return " ".join(f"{run.config['fusion']}{run.config['seed']}" for run in where(runs, condition))


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("fusion == gated", "gated0 gated1"),
        ("fusion in [gated, film] and test/accuracy > .85", "film0 film1"),
        ("fusion in (gated, 'film') and not seed == 0", "gated1 film1"),
        ("fusion not in [gated, film, concat]", "none0"),
        ("not (fusion == concat or fusion == none) and seed < 1", "gated0 film0"),
        ("0.55 < test/accuracy <= .61", "concat0 concat1"),
        ("optimizer.lr >= 0.08", "gated0 gated1 film0 film1"),
        ("optimizer.lr == None", "none0"),
        ("optimizer.lr != null and fusion != film", "concat0 concat1 gated0 gated1"),
        ("text in inputs or audio not in inputs", "none0"),
        ("inputs == [image]", "none0"),
        ("fold == 0", "none0"),
        ("fold in [0, 1]", "none0"),
        ("ated in fusion", "gated0 gated1"),
        ("'test/accuracy' < 0.6", "none0"),
        ("fusion > 'gated'", "none0"),
        ("seed == -1 or seed == +1", "concat1 gated1 film1"),
        ("status == done and not dirty and test / accuracy > 0.85", "film0 film1"),
        (" name == x and weights == null and fusion == none", "none0"),
    ],
)
def test_a_condition_keeps_the_runs_that_it_holds_for(runs, condition, kept):
    assert names(runs, condition) == kept


def test_a_metric_is_the_mean_over_seeds_so_that_no_seed_is_chosen_by_its_result(runs):
    assert names(runs, "test/accuracy > .802") == "gated0 gated1 film0 film1"
    assert names(runs, "test/accuracy > .806") == "film0 film1"
    assert where(runs, "fusion == gated")[1].metrics == runs[3].metrics


def test_runs_on_other_data_have_a_mean_of_their_own(make_row):
    runs = [make_row(0.9, 0), make_row(0.1, 1, data="cd")]
    assert where(runs, "test/accuracy > .5") == runs[:1]


@pytest.mark.parametrize(
    ("condition", "rule", "hint"),
    [
        ("fusoin == gated", r"--where must name a column, got fusoin and gated", "fusion"),
        ("test/acuracy > .8", r"must name a column, got test/acuracy and \.8", "test/accuracy"),
        ("gated", r"must name a column, got gated", "fusion"),
        (
            "fusion == gatd",
            r"must hold for a run, got none of 7 for fusion == gatd",
            "fusion: concat, film, gated, none.",
        ),
        ("fusion > 3", r"must order numbers by numbers and texts by texts, got fusion \(concat\) and 3 \(3\)", ""),
        ("fusion <", r"must be comparisons of columns with .*, got 'fusion <' \(invalid syntax\)", ""),
        ("", r"must be comparisons of columns with .*, got ''", ""),
        ("fusion is gated", r"must compare by == != < <= > >= in, got 'fusion is gated'", ""),
        ("__import__('os').system('touch hacked') == 0", r"must be comparisons of columns with .*, got ", ""),
        ("fusion == (lambda: 1)()", r"must be comparisons of columns with", ""),
        ("fusion == [x for x in seed]", r"must be comparisons of columns with", ""),
        ("fusion == f'{seed}'", r"must be comparisons of columns with", ""),
        ("fusion == b'a'", r"must be comparisons of columns with", ""),
        ("(x := 3) == seed", r"must be comparisons of columns with", ""),
        ("(" * 1000 + "seed" + ")" * 1000, r"must have at most 2000 characters, got 2004|must be comparisons", ""),
        ("(" * 900 + "seed" + ")" * 900, r"must be comparisons of columns with", ""),
        ("seed == 1\x00", r"must be comparisons of columns with", ""),
    ],
)
def test_anything_else_is_refused(runs, condition, rule, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=rule) as caught:
        where(runs, condition)
    assert hint in caught.value.hint and not (tmp_path / "hacked").exists()


def test_columns_of_the_field_can_be_typed_as_they_are_shown(make_row):
    keys: dict[str, Any] = {
        "encoder/text@encoder.words.text": "transformer",
        "pool@fusion.pool": "mean",
        "task.top-5": 1,
    }
    runs = [make_row(0.5, **keys), make_row(0.6)]
    for key, value in keys.items():
        assert where(runs, f"{key} == {value}") == runs[:1]


def test_what_a_condition_leaves_out_is_known(runs):
    (shown,), everything = compare(where(runs, "fusion == gated")), compare(runs)
    assert [group.config["fusion"] for group in unseen(shown, everything)] == ["film", "concat", "none"]
    assert unseen(everything[0], everything) == []
