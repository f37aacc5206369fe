"""Fusions have exactly two forms, and every task asks for one of them.

*joint* (``forward``): many modalities become one set of tokens.
*anchored* (``onto``): one modality keeps its positions and each is fused with the others. It is position-wise in the
anchor, ``output_i = F(anchor_i, context)``, hence causal, and any number of anchor sequences (captions of one image,
beams of one search) may stand side by side along N over one context.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens

Missing = Literal["mask", "placeholder"]


class Fusion(nn.Module, ABC):
    """What every fusion is built from and answers to.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order. In the anchored form the first one is the anchor.
        missing: What stands for a modality that a sample lacks: nothing (``mask``), or one learned token.

    Raises:
        ValueError: If no modality is named, or missing is unknown.

    Example:
        >>> import torch
        >>> from mmexp import Fusion, Tokens
        >>> class CatFusion(Fusion):
        ...     def forward(self, tokens):  # joint: all tokens side by side
        ...         return Tokens.cat(list(tokens.values()))
        ...     def onto(self, anchor, context):  # anchored: each position plus the mean of the others
        ...         others = sum(one.pool() for one in context.values())  # [B, D]
        ...         return Tokens(anchor.features + others.unsqueeze(1), anchor.mask)
        >>> fusion = CatFusion(dim=8, modalities=["text", "image"])
        >>> text = Tokens(torch.randn(2, 5, 8), torch.ones(2, 5, dtype=torch.bool))
        >>> image = Tokens(torch.randn(2, 9, 8), torch.ones(2, 9, dtype=torch.bool))
        >>> fusion({"text": text, "image": image}).features.shape
        torch.Size([2, 14, 8])
        >>> fusion.onto(text, {"image": image}).features.shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], missing: Missing = "mask") -> None:
        super().__init__()
        name = type(self).__name__
        if not modalities:
            raise ValueError(f"{name}: modalities must name at least one, got {list(modalities)}.")
        if missing not in ("mask", "placeholder"):
            raise ValueError(f"{name}: missing must be mask or placeholder, got {missing!r}.")
        self.dim = dim
        self.modalities = tuple(modalities)
        count = len(self.modalities)
        self.placeholder = nn.Parameter(torch.randn(count, dim) * dim**-0.5) if missing == "placeholder" else None

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        """Joint form. {modality: [B, N_m, D]} -> [B, N, D]; a modality may be left out."""

    @abstractmethod
    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        """Anchored form. [B, N, D], {modality: [B, N_m, D]} -> [B, N, D]; the context may be empty."""

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        """Return ``onto`` for one fixed context; override it to do the context's share of the work once."""
        return lambda anchor: self.onto(anchor, context)

    def complete(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Give each sample that lacks a modality its placeholder, if there are any; called before either form."""
        if self.placeholder is None:
            return dict(tokens)
        return {name: _stood_in(own, self.placeholder[self.slot(name)]) for name, own in tokens.items()}

    def slot(self, modality: str) -> int:
        """Place of a modality among all.

        Raises:
            ValueError: If the fusion was not built for it.
        """
        if modality not in self.modalities:
            known = ", ".join(self.modalities)
            raise ValueError(f"{type(self).__name__}: modality must be one of {known}, got {modality!r}.")
        return self.modalities.index(modality)

    def penalties(self) -> dict[str, Tensor]:
        """Terms to add to the training loss, by name; read after the forward passes of a step."""
        return {}

    def shares(self) -> dict[str, float]:
        """How much each of the things it weighs (modalities, experts, fusions) has come to count; they sum to 1."""
        return {}


def _stood_in(own: Tokens, placeholder: Tensor) -> Tokens:
    """Put a learned token [D] first in each row that has no real one."""
    absent = ~own.present[:, None]  # [B, 1]
    first = torch.where(absent, placeholder.to(own.features.dtype), own.features[:, 0])  # [B, D]
    features = torch.cat([first.unsqueeze(1), own.features[:, 1:]], 1)
    return Tokens(features, torch.cat([own.mask[:, :1] | absent, own.mask[:, 1:]], 1))
