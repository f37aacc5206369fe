"""Draw precision, recall and F1 by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

READABLE = 40  # classes shown, half of them the best and half the worst if there are more


def report(
    targets: Sequence[Collection[Hashable]], preds: Sequence[Collection[Hashable]], classes: Sequence[Hashable]
) -> Figure:
    """F1 of each class that occurs as a bar, the best first, with its precision, its recall and its number of samples.

    Args:
        targets: Labels of each sample.
        preds: Labels given to it.
        classes: All there are.
    """
    from matplotlib.figure import Figure

    true, given = (Counter(label for row in side for label in row) for side in (targets, preds))
    both = Counter(label for row, other in zip(targets, preds, strict=True) for label in {*row} & {*other})
    scored = {name: 2 * both[name] / (true[name] + given[name]) for name in classes if true[name] or given[name]}
    ordered = sorted(scored, key=lambda name: -scored[name])
    half = READABLE // 2
    shown = ordered if len(ordered) <= READABLE else [*ordered[:half], *ordered[-half:]]
    figure = Figure(figsize=(6, 1 + 0.22 * len(shown)), layout="constrained")
    axes = figure.subplots()
    positions = range(len(shown))
    axes.barh(positions, [scored[name] for name in shown], color="tab:blue", alpha=0.5, label="F1")
    precision, recall = ([both[name] / max(1, side[name]) for name in shown] for side in (given, true))
    axes.plot(precision, positions, "k|", label="precision")
    axes.plot(recall, positions, "kx", markersize=4, label="recall")
    axes.set_yticks(positions, [f"{name} ({true[name]})" for name in shown], fontsize=7)
    axes.set(xlim=(0, 1.02), ylim=(len(shown) - 0.5, -0.5), xlabel=f"{len(shown)} of {len(classes)} classes")
    axes.legend(loc="lower right", fontsize=7)
    return figure
