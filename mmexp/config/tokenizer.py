"""How the tokenizer is trained: the root section ``tokenizer``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

Model = Literal["word", "bpe"]
_SMALLEST = 5  # the four special entries and a word


@dataclass(kw_only=True)
class TokenizerConfig:
    """What the tokenizer learns from the texts of the training split.

    Args:
        model: Kind of tokenizer.
        vocab_size: Ids at most.
        min_frequency: Times a word must occur in the training split to get an id.

    Raises:
        ValueError: If there is no such model or a number is below its minimum; names the key.
    """

    model: str = "word"
    vocab_size: int = field(default=4096, metadata={"also": ("vocabulary", "vocab")})
    min_frequency: int = 1

    def __post_init__(self) -> None:
        if self.model not in get_args(Model):
            raise ValueError(f"tokenizer.model must be {' or '.join(get_args(Model))}, got {self.model!r}.")
        if self.vocab_size < _SMALLEST:
            raise ValueError(f"tokenizer.vocab_size must be at least {_SMALLEST}, got {self.vocab_size}.")
        if self.min_frequency < 1:
            raise ValueError(f"tokenizer.min_frequency must be at least 1, got {self.min_frequency}.")
