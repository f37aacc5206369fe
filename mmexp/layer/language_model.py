"""Causal language models of transformers, over vectors in place of words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmexp.error import ConfigError
from mmexp.layer.front import Front
from mmexp.layer.hf import positions, read_model, refuse_gaps

_NEEDS = ("inputs_embeds", "past_key_values")


@dataclass(frozen=True)
class Past:
    """Keys and values of what a language model has read.

    Args:
        cache: Of transformers; it grows and is put in order in place, so that only the newest ``Past`` is of use.
    """

    cache: Any

    def select(self, rows: Tensor) -> Past:
        """Reorder or repeat rows, as beam search does. rows: indices [R2]"""
        self.cache.reorder_cache(rows)
        return self


class LanguageModel(nn.Module):
    """Predict the next word after each vector of a sequence.

    Args:
        model: A causal language model, built by transformers.

    Attributes:
        front: What a method puts before each text.
        reads: Vectors that it is given at most.
        width: Width E of the words' vectors.
        vocab_size: Number of ids V.

    Shape:
        vectors [R, N, E], real ones first -> logits [R, N, V].

    Raises:
        ConfigError: If the model takes no vectors, keeps no keys and values, or is not causal.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.reads = model, 0
        self.front: Front | None = None
        name, known = type(model).__name__, signature(model.forward).parameters
        if lacking := [one for one in _NEEDS if one not in known]:
            raise ConfigError(f"{name}: model must take {' and '.join(_NEEDS)}, got none of {lacking[0]}.")
        self.vocab_size, self.width = self.words.weight.shape
        if not self._is_causal():
            raise ConfigError(f"{name}: model must be causal, got one whose words depend on those after them.")

    @property
    def words(self) -> nn.Embedding:
        """Vectors of the words."""
        return self.model.get_input_embeddings()  # type: ignore[no-any-return, operator]

    @property
    def settings(self) -> dict[str, Any]:
        """Return its config, as plain JSON."""
        return dict(json.loads(self.model.config.to_json_string(use_diff=False)))  # type: ignore[union-attr, operator]

    @property
    def positions(self) -> int | None:
        """Vectors that it reads at most; None if it has no limit."""
        return positions(self.model.config)

    @property
    def spare(self) -> int | None:
        """Positions that it is given no vectors for; None if it has no limit."""
        return None if self.positions is None else self.positions - self.reads

    reads_words = True

    def forward(self, vectors: Tensor) -> Tensor:
        given = {"inputs_embeds": vectors, "use_cache": False}
        if self.front is not None:
            given = self.front.before(self.model, given)
        return self.model(**given).logits[:, -vectors.shape[1] :]  # type: ignore[no-any-return]

    def read(self, vectors: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """Go on from what was read. [R, N, E] -> logits after the last [R, V], what is read then"""
        given = {"inputs_embeds": vectors, "past_key_values": past.cache if past else None, "use_cache": True}
        if self.front is not None and past is None:
            given = self.front.before(self.model, given)
        found = self.model(**given)
        return found.logits[:, -1], Past(found.past_key_values)

    @torch.no_grad()
    def _is_causal(self) -> bool:
        """Whether another last vector leaves what comes before it as it is."""
        words = self.words.weight
        if words.is_meta:
            return True
        drawn = torch.randn(4, self.width, generator=torch.Generator().manual_seed(0)).to(words)
        vectors = words.std() * torch.stack([drawn[:3], drawn[[0, 1, 3]]])  # [2, 3, E]
        mode = self.model.training
        one, other = self.model.eval()(inputs_embeds=vectors, use_cache=False).logits
        self.model.train(mode)
        moved = (one - other).abs().amax(-1)  # [3]
        return bool(moved[:2].max() <= 1e-4 * moved[2])


def load_language_model(folder: Path, *, pretrained: bool) -> LanguageModel:
    """Build a causal language model of transformers from its folder, and read its weights.

    Args:
        folder: With ``config.json`` and ``*.safetensors``.
        pretrained: Read the weights; random ones if not.

    Raises:
        ConfigError: If there is no such model, or its weights are not there or do not fill it.
    """
    where = f"decoder: model in {folder}"
    model, report = read_model("AutoModelForCausalLM", folder, where, pretrained=pretrained)
    refuse_gaps(where, report)
    return LanguageModel(model)
