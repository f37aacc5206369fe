from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.analysis.claim import label
from mmexp.analysis.compare import compare
from mmexp.analysis.verdict import BaselineComparison
from mmexp.analysis.winner import cheapest, seeds_needed, winner

SPREAD = (0.0, 0.01, 0.02)


@pytest.fixture
def ranked(make_row):
    """A ranking of ways by their score on test, with one on val and the seconds of training, and its verdicts."""

    def rank(seeds=SPREAD, **ways):
        rows = []
        for name, (test, val, seconds) in ways.items():
            alone = {"inputs": [name], "fusion": "none"} if name in ("image", "audio") else {"fusion": name}
            for seed, more in enumerate(seeds):
                one = make_row(test + more * (1 + len(name) / 10), seed, **alone)
                rows.append(replace(one, metrics={**one.metrics, "val/accuracy": val}, seconds=seconds))
        [ranking] = compare(rows)
        return ranking, BaselineComparison(rows).verdicts(ranking)

    return rank


def test_among_fusions_that_beat_their_baselines_val_decides(ranked):
    ranking, verdicts = ranked(
        gated=(0.9, 0.6, 9), film=(0.89, 0.8, 9), sum=(0.3, 0.9, 1), image=(0.6, 0.95, 1), audio=(0.4, 0.5, 1)
    )
    assert [label(ranking, group) for group in ranking.groups[:2]] == ["gated", "film"]
    assert label(ranking, winner(ranking, verdicts)) == "film"


def test_if_none_does_the_best_single_input_is_taken(ranked):
    ranking, verdicts = ranked(gated=(0.6, 0.99, 9), image=(0.6, 0.5, 1), audio=(0.4, 0.7, 1))
    assert label(ranking, winner(ranking, verdicts)) == "audio alone"


def test_controls_are_never_taken(ranked):
    ranking, verdicts = ranked(gated=(0.6, 0.5, 9))
    runs = tuple(replace(run, config={**run.config, "control": "blank"}) for run in ranking.groups[0].runs)
    assert winner(replace(ranking, groups=(replace(ranking.groups[0], runs=runs),)), verdicts) is None


def test_the_cheapest_is_one_of_those_that_cannot_be_distinguished(ranked):
    ranking, _ = ranked(gated=(0.9, 0.6, 9), film=(0.899, 0.8, 5), sum=(0.3, 0.9, 1), image=(0.6, 0.9, 1))
    assert label(ranking, cheapest(ranking, ranking.groups[0])) == "film"


def test_the_seeds_that_would_decide_are_those_of_the_nearest_fusion(ranked):
    ways = {"image": (0.6, 0.5, 1), "audio": (0.4, 0.5, 1)}
    noise = (0.0, 0.3, -0.3)
    number = seeds_needed(ranked(noise, film=(0.62, 0.5, 1), **ways)[1])
    assert number is not None and number > 3
    nearer = seeds_needed(ranked(noise, film=(0.62, 0.5, 1), concat=(0.65, 0.5, 1), **ways)[1])
    assert nearer is not None and nearer < number
    assert seeds_needed(ranked(noise, film=(0.5, 0.5, 1), **ways)[1]) is None
