"""Learned vectors that a language model reads before each text, while its own weights may stay as they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.error import ConfigError

Given = dict[str, Any]
"""Arguments of a model of transformers."""


class Front(nn.Module, ABC):
    """Stands before each text that a model reads, at positions of its own.

    Attributes:
        length: Positions P that it takes.
    """

    length: int

    def before(self, model: nn.Module, given: Given) -> Given:
        """Return the arguments of a model with this before the words in them."""
        known = self._put(model, given)
        mask: Tensor | None = given.get("attention_mask")
        return known if mask is None else {**known, "attention_mask": F.pad(mask, (self.length, 0), value=1)}

    @abstractmethod
    def _put(self, model: nn.Module, given: Given) -> Given: ...


class Prompt(Front):
    """Vectors in front of those of the words.

    Args:
        model: That reads them.
        length: How many, P.
    """

    def __init__(self, model: nn.Module, length: int) -> None:
        super().__init__()
        words = _words(model)
        self.length = length
        self.vectors = nn.Parameter(torch.randn(length, words.weight.shape[1]) * words.weight.detach().std())

    def _put(self, model: nn.Module, given: Given) -> Given:
        others = {name: value for name, value in given.items() if name not in ("input_ids", "inputs_embeds")}
        words = given["inputs_embeds"] if "inputs_embeds" in given else _words(model)(given["input_ids"])  # [B, L, E]
        front = self.vectors.to(words.dtype).expand(len(words), -1, -1)
        return {**others, "inputs_embeds": torch.cat([front, words], 1)}


class KeyValuePrefix(Front):
    """Keys and values in front of those of the words, in every block.

    Args:
        model: That reads them.
        length: How many of each, P.

    Raises:
        ConfigError: If the model takes no keys and values, or forgets those far back.
    """

    def __init__(self, model: nn.Module, length: int) -> None:
        super().__init__()
        self.length = length
        kept = [one for keys, values, *_ in _kept(model) for one in (keys, values)]  # [1, H, 2, E / H]
        drawn = (torch.randn(1, one.shape[1], length, one.shape[3]) * one.std() for one in kept)
        self.states = nn.ParameterList(nn.Parameter(one) for one in drawn)

    def _put(self, model: nn.Module, given: Given) -> Given:
        from transformers import DynamicCache

        first = given["inputs_embeds"] if "inputs_embeds" in given else given["input_ids"]
        states = [one.expand(len(first), -1, -1, -1) for one in self.states]
        return {**given, "past_key_values": DynamicCache(list(zip(states[::2], states[1::2], strict=True)))}


def _words(model: nn.Module) -> nn.Embedding:
    return model.get_input_embeddings()  # type: ignore[no-any-return, operator]


@torch.no_grad()
def _kept(model: nn.Module) -> Any:
    """Keys and values that a model keeps of two words, by block."""
    from transformers import DynamicCache

    name, found = type(model).__name__, None
    if "past_key_values" in signature(model.forward).parameters:
        mode = model.training
        model.eval()
        found = model(inputs_embeds=_words(model).weight[:2].unsqueeze(0), use_cache=True).get("past_key_values")
        model.train(mode)
    if type(found) is not DynamicCache:
        raise ConfigError(f"{name}: model must read keys and values that come before, got one that takes none.")
    if any(getattr(layer, "is_sliding", True) for layer in found.layers):
        raise ConfigError(f"{name}: model must keep all keys and values, got one that sees some positions back alone.")
    return found
