from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.compare import compare
from mmexp.analysis.ranks import Ranks, cliques, rank_over, rank_over_rankings

VALUES = {"a": [0.9, 0.8, 0.7, 0.9], "b": [0.8, 0.7, 0.6, 0.8], "c": [0.7, 0.75, 0.5, 0.8]}


def test_average_ranks_and_the_friedman_test_are_those_of_scipy():
    found = rank_over(VALUES)
    assert found is not None and found.ranks == {"a": 1.0, "b": 2.375, "c": 2.625} and found.benchmarks == 4
    assert found.p == pytest.approx(stats.friedmanchisquare(*VALUES.values()).pvalue)


@pytest.mark.parametrize(("number", "q"), [(3, 2.343), (5, 2.728), (10, 3.164)])
def test_the_critical_difference_is_that_of_the_table_of_demsar(number, q):
    found = rank_over({f"{i}": np.random.default_rng(i).random(20).tolist() for i in range(number)})
    assert found is not None
    assert found.critical == pytest.approx(q * math.sqrt(number * (number + 1) / (6 * 20)), rel=1e-3)


def test_ways_whose_ranks_differ_by_less_are_alike():
    found = rank_over({name: values * 3 for name, values in VALUES.items()})
    assert found is not None and found.critical == pytest.approx(2.343 * math.sqrt(12 / 72), rel=1e-3)
    assert found.like("a") == [] and found.like("b") == ["c"]


def test_the_largest_sets_that_cannot_be_distinguished_are_found_once():
    ranks = {"a": 1.0, "b": 1.5, "c": 2.4, "d": 2.5, "e": 9.0}
    assert cliques(Ranks(ranks, 4, 0.01, critical=1.2)) == [["a", "b"], ["b", "c", "d"]]
    assert cliques(Ranks(ranks, 4, 0.01, critical=0.05)) == []


def test_two_ways_or_one_data_set_are_not_ranked():
    assert rank_over({"a": [1, 2], "b": [2, 1]}) is None and rank_over({"a": [1], "b": [2], "c": [3]}) is None
    assert rank_over({}) is None


def test_fusions_that_every_ranking_has_are_ranked_by_their_best_group(make_row):
    rows = [
        make_row(value, fusion=name, data=data)
        for name, own in VALUES.items()
        for value, data in zip(own, "wxyz", strict=True)
    ]
    rows += [make_row(0.99, fusion="only", data="w"), make_row(0.1, fusion="a", lr=1, data="w")]
    rows += [make_row(1.0, fusion="c", control="blank", data="w")]
    found = rank_over_rankings(compare(rows))
    assert found is not None and found.ranks == {"a": 1.0, "b": 2.375, "c": 2.625}
    assert rank_over_rankings([]) is None
