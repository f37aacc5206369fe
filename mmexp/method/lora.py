"""Low-rank adapters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmexp.method.peft import PeftMethod


class LoraMethod(PeftMethod):
    """Train low-rank updates of frozen matrices: ``W + alpha / rank * B A``.

    Source: Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models", https://arxiv.org/abs/2106.09685;
    ``decompose``: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", https://arxiv.org/abs/2402.09353.

    Args:
        encoders: Modalities whose encoders get adapters; None for every pretrained one. The others stay frozen.
        target_modules: Names of the layers that are adapted, such as ``[query, value]``; None takes what peft knows of
            the architecture.
        rank: Of the update.
        alpha: Scale of the update.
        dropout: Probability of dropping a feature that goes into the update.
        decompose: Whether the magnitude of each row is trained apart from its direction (DoRA).

    Raises:
        ValueError: If rank < 1.
    """

    def __init__(
        self,
        *,
        encoders: Sequence[str] | None = None,
        target_modules: Sequence[str] | None = None,
        rank: int = 8,
        alpha: int = 16,
        dropout: float = 0.0,
        decompose: bool = False,
    ) -> None:
        if rank < 1:
            raise ValueError(f"LoraMethod: rank must be at least 1, got {rank}.")
        super().__init__(encoders=encoders, target_modules=target_modules)
        self.rank, self.alpha, self.dropout, self.decompose = rank, alpha, dropout, decompose

    def config(self, target_modules: list[str] | str | None) -> Any:
        from peft import LoraConfig

        return LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            use_dora=self.decompose,
            target_modules=target_modules,
        )
