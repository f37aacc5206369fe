"""Count how often each test of a verdict finds a difference that is not there, and print a Markdown table.

python scripts/tools/false_alarms.py [--number 1000] [--only groups]

Every comparison is of two ways that are equally good; 5 % of intervals at 95 % must miss. Where groups have effects,
the ways are equally good over all groups there are, not on those that were drawn. Rows marked "not used" show what
happens with an interval that the design does not allow.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from mmexp.analysis import bootstrap
from mmexp.analysis.difference import Difference
from mmexp.analysis.equivalence import equivalence
from mmexp.analysis.holm import holm
from mmexp.analysis.power import units_needed
from mmexp.analysis.random_effects import new_group, over_groups
from mmexp.analysis.ranks import rank_over
from mmexp.analysis.recompute import Metric
from mmexp.analysis.statistics import over_folds, paired, per_sample

Rng = np.random.Generator
Trial = Callable[[Rng], bool]
"""Makes a comparison of ways that are equally good, and returns whether they are distinguished."""
Learner = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Learns from samples and their classes, and predicts those of others. [N, D], [N], [M, D] -> [M]"""
LEVEL = 0.05


def differ(found: Difference | None) -> bool:
    """Whether an interval leaves out 0."""
    return found is not None and not found.is_noise


def cells(rng: Rng, groups: int, seeds: int, group: float, seed: float, rest: float) -> dict[str, dict[object, float]]:
    """Draw differences of mean 0 by group and seed, with the standard deviation of each effect."""
    table = rng.normal(0, group, (groups, 1)) + rng.normal(0, seed, (1, seeds)) + rng.normal(0, rest, (groups, seeds))
    return {f"g{i}": dict(enumerate(map(float, row))) for i, row in enumerate(table)}


def over_seeds(table: Mapping[str, Mapping[object, float]]) -> Difference | None:
    """Take the interval over seeds of the mean over groups, as if groups were no matter."""
    columns = np.array([list(row.values()) for row in table.values()]).mean(0)
    return paired(dict(enumerate(map(float, columns))), dict.fromkeys(range(len(columns)), 0.0))


def right(rng: Rng, number: int, share: float = 0.2) -> tuple[dict[str, float], dict[str, float]]:
    """Draw which samples two classifiers get right, each four of five, most of them the same."""
    easy = rng.random(number)
    own, other = (0.7 * easy + 0.3 * rng.random(number) > share for _ in range(2))
    return {f"{i}": float(one) for i, one in enumerate(own)}, {f"{i}": float(one) for i, one in enumerate(other)}


def seeds(rng: Rng) -> bool:
    """Compare over five seeds."""
    own, other = (dict(enumerate(rng.normal(0.8, 0.02, 5).tolist())) for _ in range(2))
    return differ(paired(own, other))


def samples(rng: Rng) -> bool:
    """Compare two runs on 500 samples by the interval."""
    own, other = right(rng, 500)
    return differ(per_sample([own], [other]))


def mcnemar(rng: Rng) -> bool:
    """Compare two runs on 500 samples by McNemar's test."""
    own, other = right(rng, 500)
    found = per_sample([own], [other])
    return found is not None and found.p is not None and found.p < LEVEL


def macro_f1(rng: Rng, number: int, groups: int = 0, spread: float = 0.0) -> tuple[Metric, Metric, list[str]]:
    """Draw labels of three classes and the predictions of two classifiers, which may suit groups differently."""
    place = np.arange(number) * max(groups, 1) // number
    truth = rng.integers(0, 3, number)
    chance = [0.7 + sign * rng.normal(0, spread, max(groups, 1))[place] / 2 for sign in (1, -1)]
    found = [np.where(rng.random(number) < one, truth, rng.integers(0, 3, number)) for one in chance]

    def metric(own: np.ndarray) -> Metric:
        is_found, is_true = (np.stack([side == c for c in range(3)], axis=1).astype(float) for side in (own, truth))
        hits, both = is_found * is_true, is_found + is_true
        return lambda weights: np.asarray((2 * (weights @ hits) / np.maximum(weights @ both, 1e-9)).mean(-1))

    return metric(found[0]), metric(found[1]), [f"g{i}" for i in place]


def bca(rng: Rng) -> bool:
    """Compare macro F1 of two runs on 300 samples."""
    own, other, _ = macro_f1(rng, 300)
    return differ(bootstrap.over_samples([own], [other], 300, int(rng.integers(2**31)), 999))


def bootstrap_groups(rng: Rng, groups: int = 10, levels: bool = False) -> bool:
    """Compare macro F1 of two runs on groups of 40 samples."""
    own, other, names = macro_f1(rng, 40 * groups, groups, 0.1)
    return differ(bootstrap.over_groups([own], [other], names, levels, int(rng.integers(2**31)), 999))


def bootstrap_samples(rng: Rng) -> bool:
    """Do the same by an interval over samples."""
    own, other, _ = macro_f1(rng, 400, 10, 0.1)
    return differ(bootstrap.over_samples([own], [other], 400, int(rng.integers(2**31)), 999))


def centroid(x: np.ndarray, y: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Predict the class with the nearest mean: hardly different from one training split to another."""
    gaps = [((tested - x[y == c].mean(0)) ** 2).sum(1) for c in range(2)]
    return np.asarray(np.argmin(gaps, axis=0))


def neighbour(x: np.ndarray, y: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Predict the class of the nearest sample: very different from one training split to another."""
    return np.asarray(y[((tested[:, None] - x[None]) ** 2).sum(-1).argmin(1)])


def validate(rng: Rng, folds: int, learn: Learner, grouped: bool = False) -> dict[str, list[float]]:
    """Cross-validate two classifiers that see other, equally good features of 100 samples: difference by fold.

    Grouped, each fold is a group with a shift of its own, so that some suit one classifier, some the other.
    """
    number, width = 100, 4
    place = rng.permutation(number) % folds
    truth = rng.integers(0, 2, number)
    shift = rng.normal(0, 0.6, (folds, 2, width))[place] if grouped else 0
    features = truth[:, None, None] * 0.7 + rng.normal(size=(number, 2, width)) + shift
    found = {}
    for fold in range(folds):
        test = place == fold
        train = ~test & (place != (fold + 1) % folds)
        right = [learn(features[train, k], truth[train], features[test, k]) == truth[test] for k in range(2)]
        found[str(fold)] = [float(right[0].mean() - right[1].mean())]
    return found


def over_independent(found: Mapping[str, list[float]]) -> Difference | None:
    """Take the interval over folds as if they were independent."""
    return paired({name: one[0] for name, one in found.items()}, dict.fromkeys(found, 0.0))


def leave_one_out(rng: Rng, learn: Learner, groups: int = 10, corrected: bool = True) -> bool:
    """Compare two classifiers by leaving one group out."""
    found = validate(rng, groups, learn, grouped=True)
    return differ(over_folds(found) if corrected else over_groups({name: {0: one[0]} for name, one in found.items()}))


def holm_over_eight(rng: Rng) -> bool:
    """Compare eight ways with one baseline over five seeds; a false alarm of any counts."""
    base = dict(enumerate(rng.normal(0.8, 0.02, 5).tolist()))
    found = [paired(dict(enumerate(rng.normal(0.8, 0.02, 5).tolist())), base) for _ in range(8)]
    return min(holm([one.p for one in found if one and one.p is not None])) < LEVEL


def uncorrected_over_eight(rng: Rng) -> bool:
    """Do the same without counting how many they are."""
    base = dict(enumerate(rng.normal(0.8, 0.02, 5).tolist()))
    return any(differ(paired(dict(enumerate(rng.normal(0.8, 0.02, 5).tolist())), base)) for _ in range(8))


def friedman(rng: Rng, critical: bool = False) -> bool:
    """Rank five ways over 12 data sets, by the Friedman test or by the largest difference of ranks."""
    level = rng.normal(0, 1, 12)
    found = rank_over({f"{i}": (level + rng.normal(0, 0.3, 12)).tolist() for i in range(5)})
    if found is None:
        return False
    ranks = list(found.ranks.values())
    return max(ranks) - min(ranks) >= found.critical if critical else found.p < LEVEL


def surely_better(rng: Rng) -> bool:
    """Call the first of two ways better by a probability of 95 %, over ten seeds."""
    own, other = (dict(enumerate(rng.normal(0.8, 0.02, 10).tolist())) for _ in range(2))
    found = paired(own, other)
    known = equivalence(found, 0.0) if found else None
    return known is not None and known.better > 1 - LEVEL


def left_out(rng: Rng, groups: int = 10) -> bool:
    """Expect the result of one group from those of all others."""
    table = cells(rng, groups + 1, 3, 0.03, 0, 0.02)
    own = table.popitem()[1]
    found, value = new_group(table), float(np.mean(list(own.values())))
    return found is not None and found.low is not None and not found.low <= value <= (found.high or 0)


def mean_of_left_out(rng: Rng) -> bool:
    """Expect the same from the interval of the mean."""
    table = cells(rng, 11, 3, 0.03, 0, 0.02)
    value = float(np.mean(list(table.popitem()[1].values())))
    found = over_groups(table)
    return found is not None and found.low is not None and not found.low <= value <= (found.high or 0)


USED: Mapping[str, Trial] = {
    "5 seeds: paired t": seeds,
    "500 samples, 1 seed: normal interval": samples,
    "500 samples, 1 seed: McNemar mid-p": mcnemar,
    "300 samples, macro F1: BCa": bca,
    "10 folds, nearest centroid: corrected resampled t": lambda rng: differ(over_folds(validate(rng, 10, centroid))),
    "5 folds, nearest neighbour: corrected resampled t": lambda rng: differ(over_folds(validate(rng, 5, neighbour))),
    "10 folds, nearest neighbour: corrected resampled t": lambda rng: differ(over_folds(validate(rng, 10, neighbour))),
    "6 groups with models of their own, 3 seeds: t over groups": lambda rng: differ(
        over_groups(cells(rng, 6, 3, 0.03, 0, 0.02))
    ),
    "leave one of 10 groups out, nearest centroid: corrected t over groups": lambda rng: leave_one_out(rng, centroid),
    "leave one of 10 groups out, nearest neighbour: corrected t over groups": lambda rng: leave_one_out(rng, neighbour),
    "8 test groups, 5 seeds: groups and seeds crossed": lambda rng: differ(
        over_groups(cells(rng, 8, 5, 0.03, 0.01, 0.02), crossed=True)
    ),
    "8 test groups, 3 seeds, seeds vary more: crossed": lambda rng: differ(
        over_groups(cells(rng, 8, 3, 0.01, 0.02, 0.02), crossed=True)
    ),
    "10 groups of 40 samples, macro F1: bootstrap over groups": bootstrap_groups,
    "6 groups of 40 samples, macro F1: bootstrap over groups": lambda rng: bootstrap_groups(rng, 6),
    "8 fusions against one baseline: Holm, any false alarm": holm_over_eight,
    "5 ways on 12 data sets: Friedman": friedman,
    "5 ways on 12 data sets: Nemenyi, any false alarm": lambda rng: friedman(rng, True),
    "10 seeds, P(better) > 0.95, one-sided: Bayesian t": surely_better,
    "one more group, from 10 others: prediction interval": left_out,
    "one more group, from 5 others: prediction interval": lambda rng: left_out(rng, 5),
}
UNUSED: Mapping[str, Trial] = {
    "leave one of 10 groups out, nearest centroid: t over groups": lambda rng: leave_one_out(
        rng, centroid, corrected=False
    ),
    "leave one of 10 groups out, nearest neighbour: t over groups": lambda rng: leave_one_out(
        rng, neighbour, corrected=False
    ),
    "8 test groups, 5 seeds: over seeds alone": lambda rng: differ(over_seeds(cells(rng, 8, 5, 0.03, 0.01, 0.02))),
    "1 test group, 3 seeds: over seeds alone": lambda rng: differ(over_seeds(cells(rng, 1, 3, 0.03, 0.01, 0.02))),
    "10 groups of 40 samples, macro F1: over samples": bootstrap_samples,
    "10 groups of 40 samples, macro F1: groups, then samples": lambda rng: bootstrap_groups(rng, levels=True),
    "one more group, from 10 others: interval of the mean": mean_of_left_out,
    "10 folds, nearest centroid: paired t as if independent": lambda rng: differ(
        over_independent(validate(rng, 10, centroid))
    ),
    "10 folds, nearest neighbour: paired t as if independent": lambda rng: differ(
        over_independent(validate(rng, 10, neighbour))
    ),
    "8 fusions against one baseline: not corrected, any false alarm": uncorrected_over_eight,
}


def rate(trial: Trial, number: int, seed: int = 0) -> float:
    """Share of comparisons that are distinguished."""
    rng = np.random.default_rng(seed)
    return sum(trial(rng) for _ in range(number)) / number


def power(effect: float, number: int, seed: int = 0) -> tuple[int, int, float]:
    """Return how many seeds are said to be needed for an effect, in standard deviations, how many are, and the power.

    Those that are needed are the fewest with which the paired t test finds it in 80 % of all comparisons.
    """
    rng = np.random.default_rng(seed)
    said = units_needed(Difference(effect, -1.0, 1.0, 16, "seeds", 0.5, 1 / math.sqrt(16), 15)) or 0

    def found(units: int) -> float:
        own = rng.normal(effect, 1, (number, units))
        none = dict.fromkeys(range(units), 0.0)
        return float(np.mean([differ(paired(dict(enumerate(row)), none)) for row in own.tolist()]))

    needed = next(units for units in range(3, 10 * said) if found(units) >= 0.8)
    return said, needed, found(said)


def table(number: int, only: str = "") -> Iterator[str]:
    """Lines of the table."""
    yield "| comparison of equals | false alarms | coverage |"
    yield "|---|---|---|"
    for trials, mark in ((USED, ""), (UNUSED, " (not used)")):
        for name, trial in trials.items():
            if only in name:
                share = rate(trial, number)
                yield f"| {name}{mark} | {share:.1%} | {1 - share:.1%} |"
    if only:
        return
    yield ""
    yield "| effect in standard deviations | seeds said to be needed | needed | power with those said |"
    yield "|---|---|---|---|"
    for effect in (0.5, 0.8, 1.2, 2.0):
        said, needed, share = power(effect, number)
        yield f"| {effect} | {said} | {needed} | {share:.0%} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    for line in table(given.number, given.only):
        print(line, flush=True)
