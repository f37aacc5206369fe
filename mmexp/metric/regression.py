"""Measure predicted numbers by error and correlation."""

from __future__ import annotations

from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

STRONGEST = 3.0
"""Largest sentiment on either side of the scale of the accuracies."""


class RegressionScores(Metric):
    """Mean absolute error and Pearson correlation; of sentiment also accuracies by class.

    ``mae`` in units of the target; ``pearson`` in [-1, 1], NaN if either side is constant. With a scale: ``acc7`` and
    ``acc5``, whether both fall to the same of 7 or 5 classes, when cut off at 3 or 2 and rounded, and ``acc2``, whether
    both are negative or neither is. As some papers leave neutral targets out and ask for the same sign, so does
    ``acc2_nonzero``: look which one a number is compared to.

    Source: Zadeh et al. 2016, "MOSI", https://arxiv.org/abs/1606.06259, the scale of -3 to 3; the two forms of ``acc2``
    side by side: Hazarika et al. 2020, "MISA", https://arxiv.org/abs/2005.03545, section 4.

    Args:
        scale: Strongest sentiment: targets lie in [-scale, scale] and are stretched to [-3, 3]. None for other numbers.

    Shape:
        preds [B], targets [B].
    """

    full_state_update = False
    lower_is_better = ("mae",)
    preds: list[Tensor]
    targets: list[Tensor]

    def __init__(self, *, scale: float | None = None) -> None:
        super().__init__()
        self.scale = scale
        self.add_state("preds", [], dist_reduce_fx="cat")
        self.add_state("targets", [], dist_reduce_fx="cat")

    def update(self, preds: Tensor, targets: Tensor) -> None:
        """Add one batch."""
        self.preds.append(preds.detach().float())
        self.targets.append(targets.float())

    def compute(self) -> dict[str, Tensor]:
        """All scores by name; NaN before any sample."""
        preds, targets = (dim_zero_cat(state).cpu().double() for state in (self.preds, self.targets))
        scores = {"mae": (preds - targets).abs().mean(), "pearson": pearson(preds, targets)}
        if self.scale is not None:
            scores |= sentiment(preds * STRONGEST / self.scale, targets * STRONGEST / self.scale)
        return {name: score.float().to(self.device) for name, score in scores.items()}


def pearson(one: Tensor, other: Tensor) -> Tensor:
    """Correlation of two rows of numbers. [N], [N] -> []"""
    one, other = one - one.mean(), other - other.mean()
    return (one * other).sum() / (one.square().sum() * other.square().sum()).sqrt()


def sentiment(preds: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Accuracies by class of sentiments in [-3, 3]. [N], [N] -> []"""
    same = {
        f"acc{2 * most + 1}": preds.clamp(-most, most).round() == targets.clamp(-most, most).round() for most in (2, 3)
    }
    signed = targets != 0
    same["acc2"] = (preds >= 0) == (targets >= 0)
    same["acc2_nonzero"] = (preds > 0)[signed] == (targets > 0)[signed]
    return {name: right.double().mean() for name, right in same.items()}
