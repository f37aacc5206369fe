"""The place where weights of a sample go through, so that a control can exchange them."""

from __future__ import annotations

from torch import Tensor, nn


class SampleWeights(nn.Module):
    """Return weights as they are. A fusion whose weights depend on the sample passes them through one of these.

    A forward hook can thus give each sample the weights of another one, see ``training.permuted_weights``.

    Shape:
        weights [..., K] or [..., K, D], present bool [..., M] -> weights, with the same leading dimensions.
    """

    def forward(self, weights: Tensor, present: Tensor) -> Tensor:
        """Return the weights; ``present`` says which modalities they are over, and so among which they are like."""
        return weights
