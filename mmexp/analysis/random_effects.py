"""How sure a difference is where samples come in groups, such as speakers: the group is the unit of evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mmexp.analysis.difference import Difference, by_t
from mmexp.analysis.statistics import FEWEST, deviation, mean

Cells = Mapping[str, Mapping[object, float]]
"""Difference by group and seed."""
GROUPS = "t interval over groups, whose samples and seeds vary with them (Cameron and Miller 2015)"
CROSSED = "t interval over groups and seeds, crossed (Clark 1973; Satterthwaite 1946)"
NEW_GROUP = "prediction interval of one more group (Higgins et al. 2009)"


def over_groups(cells: Cells, sizes: Mapping[str, int] | None = None, *, crossed: bool = False) -> Difference | None:
    """Compute the interval of a mean difference for groups like these, not for these groups alone.

    Groups are taken as drawn from all there are. Their spread holds that of their samples, and that of seeds where each
    group was tested by models of its own. Where the same models were tested on all groups (``crossed``), the seeds are
    a second random effect.

    Source: Cameron and Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference",
    https://doi.org/10.3368/jhr.50.2.317, eq. 11 with G / (G - 1), and t with G - 1 degrees of freedom. Crossed: Clark
    1973, "The Language-as-Fixed-Effect Fallacy", https://doi.org/10.1016/S0022-5371(73)80014-3, with the degrees of
    freedom of Satterthwaite 1946, "An Approximate Distribution of Estimates of Variance Components",
    https://doi.org/10.2307/3002019. Groups that were left out in turn are folds, see ``over_folds``.

    Args:
        cells: All groups with the same seeds.
        sizes: Number of samples by group, by which a group counts; all the same if None.
        crossed: Whether the same models were tested on all groups.

    Returns:
        None for fewer than three groups.
    """
    if len(cells) < FEWEST:
        return None
    weights = {name: (sizes[name] if sizes else 1) for name in cells}
    share = {name: weight * len(cells) / sum(weights.values()) for name, weight in weights.items()}
    centre = mean([share[name] * mean(list(own.values())) for name, own in cells.items()])
    table = [[centre + share[name] * (value - centre) for value in own.values()] for name, own in cells.items()]
    rows, columns = [mean(row) for row in table], [mean(column) for column in zip(*table, strict=True)]
    spread = deviation(rows) or 0.0
    between = spread**2 / len(rows)
    if not crossed or len(columns) < 2:
        return by_t(centre, math.sqrt(between), len(rows) - 1, len(rows), "groups", GROUPS)
    rest = [value - rows[i] - columns[j] + centre for i, row in enumerate(table) for j, value in enumerate(row)]
    cells_left = (len(rows) - 1) * (len(columns) - 1)
    within = math.fsum(value * value for value in rest) / cells_left / len(rest)
    seeds = (deviation(columns) or 0.0) ** 2 / len(columns)
    if seeds <= within or between <= within:  # of one of the two effects there is no sign
        error, degrees = (between, len(rows) - 1) if seeds <= within else (seeds, len(columns) - 1)
        return by_t(centre, math.sqrt(error), degrees, len(rows), "groups", CROSSED, spread)
    total = between + seeds - within
    parts = between**2 / (len(rows) - 1) + seeds**2 / (len(columns) - 1) + within**2 / cells_left
    return by_t(centre, math.sqrt(total), total**2 / parts, len(rows), "groups", CROSSED, spread)


def new_group(cells: Cells) -> Difference | None:
    """Compute the interval in which the difference of one more group is expected, with as many samples and seeds.

    Source: Higgins et al. 2009, "A Re-evaluation of Random-effects Meta-analysis",
    https://doi.org/10.1111/j.1467-985X.2008.00552.x, section 4.

    Args:
        cells: Difference by group and seed.

    Returns:
        None for fewer than three groups.
    """
    values = [mean(list(own.values())) for own in cells.values()]
    spread = deviation(values)
    if spread is None or len(values) < FEWEST:
        return None
    error = spread * math.sqrt(1 + 1 / len(values))
    return by_t(mean(values), error, len(values) - 1, len(values), "new group", NEW_GROUP)
