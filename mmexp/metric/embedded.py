"""Contextual embeddings of texts by a pretrained model, for metrics: no part of what a run trains or saves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.layer.hf import Backbone, load_backbone
from mmexp.transform.base import pad
from mmexp.transform.hf_text import HfTextTransform
from mmexp.weights.locate import locate

_AT_ONCE = 64  # texts


@dataclass(frozen=True)
class Embedded:
    """The pieces of a text, without the special ones that the tokenizer sets around them.

    Args:
        ids: Of the pieces. [N]
        vectors: Of unit length. [N, C]
        cut: Whether the text has more pieces than the model was given.
    """

    ids: Tensor
    vectors: Tensor
    cut: bool


class Embedder:
    """Embed the pieces of texts with one layer of a pretrained model.

    Args:
        model: Of transformers; it is put into evaluation mode, and none of its weights is trained.
        transform: Text to its ids.
    """

    def __init__(self, model: Backbone, transform: HfTextTransform) -> None:
        self.model, self.transform = model.eval().requires_grad_(False), transform

    def embed(self, texts: Collection[str], device: torch.device) -> dict[str, Embedded]:
        """Embed different texts, those of about one length together."""
        found: dict[str, Embedded] = {}
        rows = sorted(texts, key=lambda text: (len(text), text))
        self.model.to(device)
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            found |= zip(some, self._embed(some, device), strict=True)
        return found

    def _embed(self, texts: list[str], device: torch.device) -> list[Embedded]:
        ids = [self.transform.prepare(text)[0].long() for text in texts]
        own = [self.transform.inner(text) for text in texts]  # [L] each
        batch = pad(ids)
        filled = batch.mask.any(1)
        features = torch.zeros(*batch.mask.shape, self.model.width, device=device)
        if filled.any():
            features[filled] = self.model(batch.values[filled].to(device), batch.mask[filled].to(device)).float()
        vectors = F.normalize(features, dim=-1)
        return [
            Embedded(one[inner].to(device), row[: len(one)][inner.to(device)], self._is_cut(text))
            for text, one, inner, row in zip(texts, ids, own, vectors, strict=True)
        ]

    def _is_cut(self, text: str) -> bool:
        return self.transform.length(text) > self.transform.max_length


@lru_cache(maxsize=2)
def embedder(model: str, revision: str | None, layer: int | None, max_length: int | None) -> Embedder:
    """Read a model once per process, when it is first asked for.

    Args:
        model: Package, folder, or repository of the hub, see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        layer: See ``mmexp.layer.hf.Backbone``.
        max_length: Pieces of a text at most, special ones included; None reads 128, or as many as the model can.

    Raises:
        ConfigError: If the model is not there, is no text model, has no such layer or reads fewer pieces.
    """
    folder = locate(model, revision).path
    with torch.random.fork_rng(devices=[]):  # a run that is trained must not notice
        backbone = load_backbone(folder, "text", layer=layer, pretrained=True)
    return Embedder(backbone, HfTextTransform(folder=str(folder), max_length=backbone.length(max_length)))
