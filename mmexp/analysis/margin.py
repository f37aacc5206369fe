"""By how much runs are better than others, with the interval that their design allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmexp.analysis.difference import Difference
from mmexp.analysis.predictions import groups_of, majority_class, read_predictions, scores
from mmexp.analysis.random_effects import Cells, new_group, over_groups
from mmexp.analysis.statistics import FEWEST, mean, over_folds, paired, per_sample
from mmexp.run.summary import RunRow

Pairs = Sequence[tuple[RunRow, RunRow]]
LEFT_OUT = "corrected t interval over groups left out in turn (Nadeau and Bengio 2003)"


def margin(pairs: Pairs, metric: str, mode: str) -> Difference:
    """Compute the mean paired difference of runs and their baselines.

    The interval is over the highest level that varies at least three times: groups, else folds, else seeds; with fewer
    seeds, over the samples of the split, if the metric can be computed from predictions.

    Args:
        pairs: At least one, each of a run and a baseline with the same seed and fold; all have the metric.
        metric: Key.
        mode: Whether less (min) or more (max) of it is better.
    """
    sign = 1 if mode == "max" else -1
    values = [sign * ((run.metrics[metric] or 0.0) - (other.metrics[metric] or 0.0)) for run, other in pairs]
    found = _over_groups(pairs, values, metric, sign) or _over_folds(pairs, values)
    if found is None and not is_folded(pairs):
        found = paired(dict(enumerate(values)), dict.fromkeys(range(len(values)), 0.0))
        found = found or _over_samples(pairs, metric, sign)
    return found or Difference(mean(values))


def margin_over_majority_class(runs: Sequence[RunRow], metric: str) -> Difference | None:
    """Compute the margin over always predicting the majority class; None without accuracy or predictions."""
    if metric.rpartition("/")[2] != "accuracy" or not read_predictions(runs[0], metric):
        return None
    own: dict[object, dict[str, float]] = {}
    known: dict[object, dict[str, float]] = {}
    for run in runs:  # folds of one seed have the samples of one run
        own.setdefault(run.config.get("seed"), {}).update(scores(run, metric))
        known.setdefault(run.config.get("seed"), {}).update(majority_class(run, metric))
    return per_sample(list(own.values()), list(known.values()))


def margin_of_new_group(pairs: Pairs, metric: str, mode: str) -> Difference | None:
    """Compute the interval in which the difference of one more group is expected; None unless folds are groups."""
    sign = 1 if mode == "max" else -1
    values = [sign * ((run.metrics[metric] or 0.0) - (other.metrics[metric] or 0.0)) for run, other in pairs]
    return new_group(_by_fold(pairs, values)) if _leaves_one_out(pairs) else None


def is_folded(pairs: Pairs) -> bool:
    """Whether the runs are of several folds."""
    return len({run.config.get("fold") for run, _ in pairs}) > 1


def _leaves_one_out(pairs: Pairs) -> bool:
    """Whether each fold is one group."""
    return is_folded(pairs) and all(run.groups.get("number") == 1 for run, _ in pairs)


def _by_fold(pairs: Pairs, values: Sequence[float]) -> dict[str, dict[object, float]]:
    cells: dict[str, dict[object, float]] = {}
    for place, ((run, _), value) in enumerate(zip(pairs, values, strict=True)):
        cells.setdefault(str(run.config.get("fold")), {})[place] = value
    return cells


def _over_folds(pairs: Pairs, values: Sequence[float]) -> Difference | None:
    found = {name: list(own.values()) for name, own in _by_fold(pairs, values).items()}
    return over_folds(found) if is_folded(pairs) else None


def _over_groups(pairs: Pairs, values: Sequence[float], metric: str, sign: int) -> Difference | None:
    if _leaves_one_out(pairs):
        found = _over_folds(pairs, values)
        return found and replace(found, over="groups", method=LEFT_OUT)
    if is_folded(pairs) or any(run.groups.get("number", 0) < FEWEST for run, _ in pairs):
        return None
    groups = groups_of(pairs[0][0], metric)
    sides = [[scores(run, metric) for run in side] for side in zip(*pairs, strict=True)]
    shared = set(groups).intersection(*sides[0], *sides[1])
    if not shared:
        return _recomputed(pairs, metric, sign, groups)
    cells: dict[str, dict[object, list[float]]] = {}
    for seed, (own, other) in enumerate(zip(*sides, strict=True)):
        for name in shared:
            cells.setdefault(groups[name], {}).setdefault(seed, []).append(sign * (own[name] - other[name]))
    table: Cells = {name: {seed: mean(found) for seed, found in own.items()} for name, own in sorted(cells.items())}
    return over_groups(table, {name: len(own[0]) for name, own in cells.items()}, crossed=True)


def _over_samples(pairs: Pairs, metric: str, sign: int) -> Difference | None:
    sides = [[scores(run, metric) for run in side] for side in zip(*pairs, strict=True)]
    if not all(map(all, sides)):
        return _recomputed(pairs, metric, sign, {})
    own, other = ([{name: sign * value for name, value in one.items()} for one in side] for side in sides)
    found = per_sample(own, other)
    return None if found is None or found.low == found.high else found  # without any spread nothing is known of it


def _recomputed(pairs: Pairs, metric: str, sign: int, groups: dict[str, str]) -> Difference | None:
    """Resample groups, or samples where there are none, and compute the metric again from predictions."""
    if not all(run.folder.predictions(metric.partition("/")[0]).exists() for pair in pairs for run in pair):
        return None
    from mmexp.analysis import bootstrap  # numpy, which no other verdict needs
    from mmexp.analysis.recompute import recompute

    sides = [[recompute(run, metric) for run in side] for side in zip(*pairs, strict=True)]
    known = [one for side in sides for one in side if one is not None]
    if len(known) < 2 * len(pairs) or len({one.ids for one in known}) > 1:
        return None
    own, other = ([one.value for one in known[i : i + len(pairs)]] for i in (0, len(pairs)))
    first, second = (own, other) if sign > 0 else (other, own)
    if not groups:
        return bootstrap.over_samples(first, second, len(known[0].ids))
    return bootstrap.over_groups(first, second, [groups[name] for name in known[0].ids])
