"""Measure whether samples of one class lie close together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class NeighbourAccuracy(Metric):
    """Share of samples whose nearest neighbours, without themselves, vote for their own class.

    Each of k neighbours votes with ``exp(cosine / temperature)``. So it shows what a representation encodes of classes
    that it was not taught, with nothing to train.

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
            near, positions = likeness.topk(min(self.neighbours, len(vectors) - 1), 1)
            votes = torch.zeros(len(near), len(names), device=near.device)
            votes.scatter_add_(1, classes[positions], ((near - near[:, :1]) / self.temperature).exp())
            right.append(votes.argmax(1) == classes[start : start + self.chunk])
        return torch.cat(right).float().mean()
