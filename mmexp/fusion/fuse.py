"""A fusion in a training loop of your own, with plain tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mmexp.contract import Tokens
from mmexp.fusion.base import Fusion

Features = Tensor | tuple[Tensor, Tensor] | Tokens
"""Features [B, N, D] or [B, D], or these with a bool mask [B, N] or [B] that is True where they are real."""


def fuse(fusion: Fusion, inputs: Mapping[str, Features]) -> Tensor:
    """Fuse features of several modalities into one vector per sample.

    The joint form; its tokens are averaged. For the anchored form, which keeps the positions of one modality, call
    ``fusion.onto`` with ``to_tokens``. Add ``fusion.penalties()`` to the loss, if it has any.

    Args:
        fusion: Built for these modalities, or more of them.
        inputs: Features by modality, of width ``fusion.dim``; one that is left out is missing in every sample.

    Shape:
        {modality: [B, N_m, D] or [B, D]} -> [B, D].

    Raises:
        ValueError: If there is no input, one has another width than the fusion, or their batch sizes differ.

    Example:
        >>> import torch
        >>> from mmexp import fuse
        >>> from mmexp.fusion.gated import GatedFusion
        >>> from mmexp.pool.mean import MeanPool
        >>> fusion = GatedFusion(dim=64, modalities=["image", "text"], pool=MeanPool())
        >>> image, text = torch.randn(8, 49, 64), torch.randn(8, 12, 64)
        >>> lengths = torch.randint(1, 13, (8, 1))
        >>> fuse(fusion, {"image": image, "text": (text, torch.arange(12) < lengths)}).shape
        torch.Size([8, 64])
        >>> fuse(fusion, {"image": image.mean(1)}).shape
        torch.Size([8, 64])
    """
    tokens = {name: to_tokens(features) for name, features in inputs.items()}
    name = type(fusion).__name__
    if not tokens:
        raise ValueError(f"{name}: inputs must hold at least one of {', '.join(fusion.modalities)}, got none.")
    for modality, own in tokens.items():
        if own.features.shape[-1] != fusion.dim:
            raise ValueError(f"{name}: {modality} must be {fusion.dim} wide, got {own.features.shape[-1]}.")
    sizes = {modality: own.features.shape[0] for modality, own in tokens.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"{name}: inputs must have one batch size, got {sizes}.")
    return fusion(tokens).pool()  # type: ignore[no-any-return]


def to_tokens(features: Features) -> Tokens:
    """Return features as tokens; without a mask all of them are real. [B, N, D] or [B, D] -> [B, N, D]

    Raises:
        ValueError: If features or mask have another shape.
    """
    if isinstance(features, Tokens):
        return features
    values, mask = features if isinstance(features, tuple) else (features, None)
    if values.ndim not in (2, 3):
        raise ValueError(f"Features: shape must be [B, N, D] or [B, D], got {tuple(values.shape)}.")
    if mask is None:
        mask = torch.ones(values.shape[:-1], dtype=torch.bool, device=values.device)
    return Tokens(values, mask) if values.ndim == 3 else Tokens(values.unsqueeze(1), mask.unsqueeze(-1))
