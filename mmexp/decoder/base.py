"""A text decoder predicts each word of a text from the words before it and from the inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.decoding.search import Step
from mmexp.transform.text import TextTransform, Tokenizer

Fuse = Callable[[Tokens], Tokens]
"""A fusion in its anchored form, bound to the inputs. [B, N, D] -> [B, N, D]"""


class TextDecoder(nn.Module, ABC):
    """Predict each word of a text from the words before it, and from the inputs, which ``fuse`` brings in.

    Args:
        transform: Turns a text into ids between begin and end, at most ``max_length`` of them.
        dim: Width D of the tokens.
        vocab_size: Number of ids V.
        dropout: Probability of dropping a feature that the inputs were fused with.
    """

    never: Tensor

    def __init__(self, *, transform: TextTransform, dim: int, vocab_size: int, dropout: float) -> None:
        super().__init__()
        self.transform, self.dim, self.vocab_size = transform, dim, vocab_size
        self.dropout = nn.Dropout(dropout)
        never = torch.zeros(vocab_size)
        never[[one for one in self.tokenizer.special if one != self.tokenizer.eos and one < vocab_size]] = -torch.inf
        self.register_buffer("never", never, persistent=False)

    @property
    def tokenizer(self) -> Tokenizer:
        """What texts are made of."""
        return self.transform.tokenizer

    @property
    def max_length(self) -> int:
        """Ids of a text at most, begin and end included."""
        return self.transform.max_length

    @abstractmethod
    def forward(self, ids: Padded, fuse: Fuse) -> Tensor:
        """Predict the word after each. ids of K texts [B, K, T] -> logits [P, V] of the P real ones, in their order"""

    def follow(self, ids: Tensor, fuse: Fuse) -> Tensor:
        """Predict the word after each text, with nothing kept of the words before. ids [B, T] -> logits [B, V]

        ``never`` is added to them. Override it by what a graph can hold, without a choice by the mask.
        """
        texts = ids.unsqueeze(1)  # [B, 1, T]
        logits: Tensor = self(Padded(texts, torch.ones_like(texts, dtype=torch.bool)), fuse)  # [B * T, V]
        return logits.view(*ids.shape, -1)[:, -1] + self.never

    @abstractmethod
    def step(self, fuse: Fuse, size: int) -> Step:  # type: ignore[type-arg]  # each decoder has a state of its own
        """Return what reads one more word per row, for ``decoding.search``; ``never`` is added to its logits.

        Feeding a text word by word gives what ``forward`` gives, in evaluation mode.

        Args:
            fuse: Bound to the inputs of B samples; the rows of a sample lie side by side.
            size: B.
        """
