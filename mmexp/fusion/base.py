"""Fusions have exactly two forms, and every task asks for one of them.

*joint* (``forward``): many modalities become one set of tokens.
*anchored* (``onto``): one modality keeps its positions and each is fused with the others. It is position-wise in the
anchor, ``output_i = F(anchor_i, context)``, hence causal, and any number of anchor sequences (captions of one image,
beams of one search) may stand next to one another along N over one context.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.decision import Decision


class Fusion(nn.Module, ABC):
    """Fuse the tokens of several modalities, jointly or onto an anchor.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order. In the anchored form the first one is the anchor.

    Attributes:
        export_refused: Why a graph cannot hold what it computes; empty if one can.

    Raises:
        ValueError: If no modality is named.

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

    export_refused: ClassVar[str] = ""

    def __init__(self, *, dim: int, modalities: Sequence[str]) -> None:
        super().__init__()
        if not modalities:
            raise ValueError(f"{type(self).__name__}: modalities must name at least one, got {list(modalities)}.")
        self.dim = dim
        self.modalities = tuple(modalities)

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        """Fuse jointly. {modality: [B, N_m, D]} -> [B, N, D]; a modality may be left out."""

    @abstractmethod
    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        """Fuse onto an anchor. [B, N, D], {modality: [B, N_m, D]} -> [B, N, D]; the context may be empty."""

    def decide(
        self, tokens: Mapping[str, Tokens], score: Callable[[Tokens], Tensor], multilabel: bool = False
    ) -> Decision:
        """Return what a classification is decided on: here the scores of the joint form.

        A fusion of decisions scores each modality by itself, and fuses these scores.

        Args:
            tokens: By modality.
            score: The task's head. [B, N, D] -> [B, C]
            multilabel: Whether any number of the classes may apply, each by its sigmoid; else one, by the softmax.
        """
        return Decision(score(self(tokens)))

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        """Return ``onto`` for one fixed context; override it to do the context's part of the work once."""
        return lambda anchor: self.onto(anchor, context)

    def attended(self, tokens: Mapping[str, Tokens]) -> Tensor | None:
        """Return how much each token of the joint form attends to each token it was fused from; None without attention.

        Through several layers it is followed by rollout, see ``layer.rollout``; heads are averaged. What is attended to
        but is no token of an input, such as a learned one, has no column.

        Args:
            tokens: By modality. [B, N_m, D]

        Returns:
            [B, N, sum of N_m]
        """
        return None

    def slot(self, modality: str) -> int:
        """Return the index of a modality among all.

        Raises:
            ValueError: If the fusion was not built for it.
        """
        if modality not in self.modalities:
            known = ", ".join(self.modalities)
            raise ValueError(f"{type(self).__name__}: modality must be one of {known}, got {modality!r}.")
        return self.modalities.index(modality)

    def penalties(self) -> dict[str, Tensor]:
        """Return terms to add to the training loss, by name; read after the forward passes of a step."""
        return {}

    def weights(self) -> dict[str, float]:
        """Return the learned weight of each modality, expert or fusion that is weighted; they sum to 1."""
        return {}
