"""Measure whether samples of one class lie close together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

_EQUAL = 1e-5  # difference up to which cosines, or votes in relation to each other, are equal


class NeighbourAccuracy(Metric):
    """Share of samples whose nearest neighbours, without themselves, vote for their own class.

    Each of k neighbours votes with ``exp(cosine / temperature)``. Those that are as near as the last of them share its
    votes, and equal votes count as wrong, so that the order of samples does not matter. It shows what a representation
    encodes of classes that it was not taught, with nothing to train.

    Source: Wu et al. 2018, "Unsupervised Feature Learning via Non-Parametric Instance Discrimination",
    https://arxiv.org/abs/1805.01978, section 3.4. Differs: the neighbours are the other samples of the split itself.

    Args:
        neighbours: How many vote, k.
        temperature: Of the votes, unitless.
        chunk: Samples compared with all others at once.

    Shape:
        vectors [B, D], classes int64 [B].
    """

    full_state_update = False
    higher_is_better = True
    vectors: list[Tensor]
    classes: list[Tensor]

    def __init__(self, *, neighbours: int = 10, temperature: float = 0.07, chunk: int = 256) -> None:
        super().__init__()
        self.neighbours, self.temperature, self.chunk = neighbours, temperature, chunk
        self.add_state("vectors", [], dist_reduce_fx="cat")
        self.add_state("classes", [], dist_reduce_fx="cat")

    def update(self, vectors: Tensor, classes: Tensor) -> None:
        """Add one batch."""
        self.vectors.append(F.normalize(vectors.detach().float(), dim=1))
        self.classes.append(classes)

    def compute(self) -> Tensor:
        """In [0, 1]; NaN if there is nothing to compare."""
        vectors = dim_zero_cat(self.vectors) if self.vectors else torch.zeros(0, 1, device=self.device)
        if len(vectors) < 2:
            return torch.tensor(torch.nan, device=self.device)
        names, classes = torch.unique(dim_zero_cat(self.classes), return_inverse=True)
        right = []
        for start in range(0, len(vectors), self.chunk):
            likeness = vectors[start : start + self.chunk] @ vectors.T  # [chunk, N]
            likeness.diagonal(start).fill_(-torch.inf)
            votes = self._weights(likeness) @ F.one_hot(classes, len(names)).float()  # [chunk, C]
            own = classes[start : start + self.chunk].unsqueeze(1)
            others = votes.scatter(1, own, -torch.inf).amax(1)
            right.append(votes.gather(1, own).squeeze(1) > others * (1 + _EQUAL))
        return torch.cat(right).float().mean()

    def _weights(self, likeness: Tensor) -> Tensor:
        """Return what each sample counts as a neighbour of each. [chunk, N] -> [chunk, N]"""
        most = min(self.neighbours, likeness.shape[1] - 1)
        last = likeness.topk(most, 1).values[:, -1:]
        nearer = likeness > last + _EQUAL
        level = (likeness >= last - _EQUAL) & ~nearer
        share = (most - nearer.sum(1, keepdim=True)) / level.sum(1, keepdim=True)
        return (nearer + level * share) * ((likeness - likeness.amax(1, keepdim=True)) / self.temperature).exp()
