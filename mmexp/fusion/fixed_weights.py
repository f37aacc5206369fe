"""Weights of modalities that are given, not learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def read_weights(owner: str, modalities: Sequence[str], given: Mapping[str, float]) -> Tensor:
    """Return the given weight of each modality, 1 of one that is not named. -> [M]

    Args:
        owner: Class that is given them, for messages.
        modalities: All of them, in order.
        given: By modality.

    Raises:
        ValueError: If one is of an unknown modality, negative or not finite, or all are 0.
    """
    for name, weight in given.items():
        if name not in modalities:
            raise ValueError(f"{owner}: fixed_weights must be of {', '.join(modalities)}, got {name!r}.")
        if not 0 <= weight < float("inf"):
            raise ValueError(f"{owner}: fixed_weights must be finite and 0 or more, got {weight} for {name}.")
    weights = torch.tensor([float(given.get(name, 1)) for name in modalities])
    if not weights.any():
        raise ValueError(f"{owner}: fixed_weights must be above 0 for one modality or more, got {dict(given)}.")
    return weights


def renormalised(weights: Tensor, present: Tensor) -> Tensor:
    """Let the weights of the modalities that are present sum to 1. [M], bool [..., M] -> [..., M]

    All are 0 where no modality that has a weight is present.
    """
    kept = weights * present
    total = kept.sum(-1, keepdim=True)
    return kept / total.masked_fill(total == 0, 1)
