"""A text decoder that fuses each word with the inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.decoder.base import Fuse, TextDecoder
from mmexp.decoding.search import Step
from mmexp.encoder.text.base import Cache, TextEncoder
from mmexp.transform.text import TextTransform


class FusedDecoder(TextDecoder):
    """Fuse each word so far with the inputs: ``logits_i = head(fusion.onto(prefix_i, inputs))``.

    The head shares its weights with the prefix's embedding.

    Source: Vinyals et al. 2015, "Show and Tell", https://arxiv.org/abs/1411.4555, eqs. 2 and 10.

    Args:
        prefix: Causal encoder of the words so far; its vocabulary is that of the texts.
        max_length: Ids of a text at most, begin and end included.
        dropout: Probability of dropping a feature before the head.

    Shape:
        ids [B, K, T] -> logits [P, V].

    Raises:
        ValueError: If prefix is not causal, or reads fewer ids than max_length.
    """

    def __init__(self, *, prefix: TextEncoder, max_length: int, dropout: float = 0.1) -> None:
        if not prefix.causal:
            raise ValueError(
                "FusedDecoder: prefix.causal must be true, got false. Set task.decoder.prefix.causal=true."
            )
        if prefix.max_length < max_length:
            rule = f"max_length must be at most the {prefix.max_length} of prefix"
            raise ValueError(f"FusedDecoder: {rule}, got {max_length}.")
        vocab_size, dim = prefix.embedding.weight.shape
        transform = TextTransform(tokenizer=prefix.transform.tokenizer, max_length=max_length)
        super().__init__(transform=transform, dim=dim, vocab_size=vocab_size, dropout=dropout)
        self.prefix, self.norm = prefix, nn.LayerNorm(dim)
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, ids: Padded, fuse: Fuse) -> Tensor:
        prefix = self.prefix(Padded(ids.values.flatten(0, 1), ids.mask.flatten(0, 1))).features  # [B * K, T, D]
        side_by_side = Tokens(prefix.reshape(len(ids.values), -1, self.dim), ids.mask.flatten(1))  # [B, K * T, D]
        return self.head(fuse(side_by_side).features[side_by_side.mask])

    def head(self, hidden: Tensor, bias: Tensor | None = None) -> Tensor:
        """[..., D] -> [..., V], with the words' own bias unless another is given."""
        weight = self.prefix.embedding.weight
        return F.linear(self.dropout(self.norm(hidden)), weight, self.bias if bias is None else bias)

    def follow(self, ids: Tensor, fuse: Fuse) -> Tensor:
        last = self.prefix(Padded(ids, torch.ones_like(ids, dtype=torch.bool))).features[:, -1:]  # [B, 1, D]
        hidden = fuse(Tokens(last, torch.ones_like(last[..., 0], dtype=torch.bool))).features[:, 0]  # [B, D]
        return self.head(hidden, self.bias + self.never)

    def step(self, fuse: Fuse, size: int) -> Step[Cache]:
        bias = self.bias + self.never

        def step(ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
            features, cache = self.prefix.step(ids, cache)  # [R, D]
            anchor = features.view(size, -1, features.shape[-1])  # [B, R / B, D]
            real = torch.ones(anchor.shape[:2], dtype=torch.bool, device=ids.device)
            hidden = fuse(Tokens(anchor, real)).features.flatten(0, 1)  # [R, D]
            return self.head(hidden, bias), cache

        return step
