"""How high the right preds rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGES = (1, 2, 3, 4, 6, 11, 31, 101, 1001)  # first rank of each bar
READABLE = 40  # kinds shown, half of them the best and half the worst if there are more


def ranks(positions: Sequence[int], among: Sequence[int], kinds: Sequence[str]) -> Figure:
    """Draw the fraction of queries by rank of the right answer; and the mean reciprocal rank of each kind of query.

    Args:
        positions: Rank of the right answer of each query, from 1.
        among: Answers that were ranked for it.
        kinds: What it asks, such as a relation.
    """
    from matplotlib.figure import Figure

    found, groups, most = np.asarray(positions), np.asarray(kinds), max(among)
    means = {kind: (1 / found[groups == kind]).mean() for kind in np.unique(groups)}
    ordered = sorted(means, key=lambda kind: -means[kind])
    shown = ordered if len(ordered) <= READABLE else [*ordered[: READABLE // 2], *ordered[-READABLE // 2 :]]
    figure = Figure(figsize=(10, max(3.5, 1.2 + 0.2 * len(shown))), layout="constrained")
    left, right = figure.subplots(1, 2)

    starts = [edge for edge in EDGES if edge == 1 or edge <= found.max()]
    ends = [*(edge - 1 for edge in starts[1:]), most]
    fractions = [((found >= low) & (found <= high)).mean() for low, high in zip(starts, ends, strict=True)]
    names = [f"{low}" if low == high else f"{low} to {high}" for low, high in zip(starts, ends, strict=True)]
    left.bar(names, fractions, color="tab:blue", alpha=0.6)
    left.tick_params(axis="x", labelrotation=45)
    left.set(xlabel="rank of the right answer", ylabel=f"fraction of {len(found)} queries", ylim=(0, 1))

    right.barh(range(len(shown)), [means[kind] for kind in shown], color="tab:blue", alpha=0.6)
    blind = (1 / np.arange(1, most + 1)).cumsum() / np.arange(1, most + 1)  # of a rank drawn from 1 to n
    chance = blind[np.asarray(among) - 1].mean()
    right.axvline(chance, color="gray", linestyle="--", linewidth=1, label=f"chance, {chance:.3f}")
    right.axvline((1 / found).mean(), color="black", linewidth=1, label=f"all queries, {(1 / found).mean():.3f}")
    right.set_yticks(range(len(shown)), [f"{kind} ({(groups == kind).sum()})" for kind in shown], fontsize=7)
    right.set(xlim=(0, 1.02), ylim=(len(shown) - 0.5, -0.5), xlabel="mean reciprocal rank")
    right.legend(loc="lower right", fontsize=7)
    return figure
