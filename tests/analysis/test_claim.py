from __future__ import annotations

import re

import pytest

from mmexp.analysis.claim import claim, scope
from mmexp.analysis.compare import compare
from mmexp.analysis.verdict import BaselineComparison

SPEAKER = {"column": "speaker", "number": 1, "seen": 0}
SPREAD = (0.0, 0.01, 0.02)


def ranked(make_row, groups, **values):
    """A ranking of fusions and single inputs over three seeds, with its verdicts."""
    rows = []
    for name, value in values.items():
        alone = {"inputs": [name], "fusion": "none"} if name in ("image", "audio") else {"fusion": name}
        for seed, more in enumerate(SPREAD):
            noise = more * (1 + len(name) / 10)
            rows.append(make_row(value + noise, seed, metric="test/f1", groups=groups, **alone))
    [ranking] = compare(rows)
    return ranking, BaselineComparison(rows).verdicts(ranking)


def test_what_wins_what_is_as_good_and_for_whom_it_holds_is_one_sentence(make_row):
    ranking, verdicts = ranked(make_row, SPEAKER, gated=0.9, film=0.899, sum=0.5, image=0.6, audio=0.4)
    text = claim(ranking, verdicts)
    assert text.startswith("Gated beats its best single input (image) by 0.300 [")
    assert "(95 %, Holm over 3, n = 3 seeds); so does film; film cannot be distinguished from it" in text
    assert text.endswith("; it holds for this speaker; nothing is known of others.")


def test_where_nothing_wins_that_is_the_claim(make_row):
    ranking, verdicts = ranked(make_row, {}, gated=0.6, sum=0.5, image=0.6, audio=0.4)
    assert claim(ranking, verdicts) == "None of the 2 fusions is shown to beat its baseline."
    ranking, verdicts = ranked(make_row, {}, sum=0.5, image=0.6, audio=0.4)
    assert claim(ranking, verdicts) == "Sum is not shown to beat its baseline."


def test_without_fusions_and_groups_nothing_is_claimed(make_row):
    ranking, verdicts = ranked(make_row, {}, image=0.6, audio=0.4)
    assert claim(ranking, verdicts) == ""


@pytest.mark.parametrize(
    ("groups", "folds", "words"),
    [
        (SPEAKER, [None], "it holds for this speaker; nothing is known of others"),
        (SPEAKER, ["ann", "bob"], "it holds for these 2 speakers; nothing is known of others"),
        (SPEAKER, ["a", "b", "c", "d"], "it holds for speakers like the 4 tested, and 4 are few"),
        ({**SPEAKER, "number": 9}, [None], "it holds for speakers like the 9 tested"),
        ({**SPEAKER, "number": 9, "seen": 9}, [None], "who were trained on; nothing is known of others"),
        ({"likely": ["rows that share a file"]}, [None], r"may come in groups \(rows that share a file\), for which"),
        ({"likely": ["column user"]}, [None], r"\(column user: set dataset.split.groups=user if it does\)"),
    ],
)
def test_for_whom_it_holds_follows_from_the_groups_that_were_tested(make_row, groups, folds, words):
    runs = [make_row(0.5, groups=groups, **({"fold": fold} if fold else {})) for fold in folds]
    assert re.search(words, scope(runs))


def test_of_one_more_speaker_the_expected_range_is_said(make_row):
    rows = []
    for place, name in enumerate(("ann", "bob", "cyd", "dan", "eve")):
        for value, own in ((0.9, {}), (0.5, {"inputs": ["image"], "fusion": "none"}), (0.4, {"inputs": ["audio"]})):
            rows.append(make_row(value - place * value / 50, groups=SPEAKER, metric="test/f1", fold=name, **own))
    [ranking] = compare(rows)
    verdicts = BaselineComparison(rows).verdicts(ranking)
    text = claim(ranking, verdicts)
    assert "n = 5 groups); of one more speaker, 0.346 to 0.422 is expected; it holds for speakers like the 5" in text
    best = verdicts[0]
    assert best is not None and best.plain()["new_group"] == pytest.approx([0.346, 0.422], abs=5e-4)
