"""A pretrained language model as the decoder, after a prefix that the inputs give it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.decoder.base import Fuse, TextDecoder
from mmexp.decoding.search import Step
from mmexp.encoder.backbone import BackboneModule, Origin
from mmexp.error import ConfigError
from mmexp.layer.hf import LENGTH
from mmexp.layer.language_model import LanguageModel, Past, load_language_model
from mmexp.transform.hf_tokenizer import HfTokenizer
from mmexp.transform.text import TextTransform
from mmexp.weights.locate import locate


class HfDecoder(BackboneModule, TextDecoder):
    """Continue a prefix with a causal language model of transformers: ``logits_i = lm([W prefix; words before i])``.

    ``prefix_k = fusion.onto(query_k, inputs)`` of learned queries, mapped to the width and the scale of the words'
    vectors. So whatever the fusion, each sample has a prefix of the same length, and words follow at the positions that
    the model knows. The tokenizer is the model's own.

    Source: Mokady et al. 2021, "ClipCap: CLIP Prefix for Image Captioning", https://arxiv.org/abs/2111.09734, secs. 3.1
    and 3.3, with frozen weights: Tsimpoukelli et al. 2021, "Multimodal Few-Shot Learning with Frozen Language Models",
    https://arxiv.org/abs/2106.13884. Differs: the mapping network is the fusion, LayerNorm and a linear map.

    Args:
        dim: Width D of the tokens.
        model: Package, folder, or repository of the hub; see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        pretrained: Start from its weights; at random if not, which needs its config and tokenizer all the same.
        prefix_length: Vectors N that come before the words.
        max_length: Ids of a text at most, begin and end included.
        dropout: Probability of dropping a feature of the prefix.

    Attributes:
        prefix: The queries. [N, D]

    Shape:
        ids [B, K, T] -> logits [P, V].

    Raises:
        ConfigError: If the model is not there, is no causal language model, does not fill its weights, or has fewer
            positions or fewer ids than its tokenizer.
        ValueError: If prefix_length < 1.
    """

    backbone: LanguageModel

    def __init__(
        self,
        *,
        dim: int,
        model: str,
        revision: str | None = None,
        pretrained: bool = False,
        prefix_length: int = 10,
        max_length: int = LENGTH,
        dropout: float = 0.0,
    ) -> None:
        if prefix_length < 1:
            raise ValueError(f"HfDecoder: prefix_length must be at least 1, got {prefix_length}.")
        found = locate(model, revision)
        backbone = load_language_model(found.path, pretrained=pretrained)
        known = HfTokenizer(str(found.path))
        if (most := backbone.positions) is not None and prefix_length + max_length > most:
            rule = f"prefix_length and max_length must be at most the {most} positions of {model}"
            raise ConfigError(f"HfDecoder: {rule}, got {prefix_length} and {max_length}.")
        backbone.reads = prefix_length + max_length
        transform = TextTransform(tokenizer=known, max_length=max_length)
        super().__init__(transform=transform, dim=dim, vocab_size=backbone.vocab_size, dropout=dropout)
        self.never[known.unnamed(self.vocab_size)] = -torch.inf
        self.prefix = nn.Parameter(torch.randn(prefix_length, dim))
        self.norm, self.project = nn.LayerNorm(dim), nn.Linear(dim, backbone.width)
        self.backbone, self.origin = backbone, Origin(model, found.revision, pretrained)
        self.files = found.path
        nn.init.normal_(self.project.weight, std=float(backbone.words.weight.detach().std()) * dim**-0.5)
        nn.init.zeros_(self.project.bias)

    def forward(self, ids: Padded, fuse: Fuse) -> Tensor:
        size, texts, length = ids.values.shape
        prefix = self._prefix(fuse, size).repeat_interleave(texts, 0)  # [B * K, N, E]
        words = self.backbone.words(ids.values.flatten(0, 1))  # [B * K, T, E]
        logits = self.backbone(torch.cat([prefix.to(words.dtype), words], 1))[:, -length:]  # [B * K, T, V]
        return logits[ids.mask.flatten(0, 1)]  # type: ignore[no-any-return]

    def follow(self, ids: Tensor, fuse: Fuse) -> Tensor:
        prefix, words = self._prefix(fuse, ids.shape[0]), self.backbone.words(ids.clamp(min=0))  # [B, N, E], [B, T, E]
        logits = self.backbone(torch.cat([prefix.to(words.dtype), words], 1))[:, -1]  # [B, V]
        return logits + self.never  # type: ignore[no-any-return]

    def step(self, fuse: Fuse, size: int) -> Step[Past]:
        prefix = self._prefix(fuse, size)

        def step(ids: Tensor, past: Past | None) -> tuple[Tensor, Past]:
            words = self.backbone.words(ids.clamp(min=0)).unsqueeze(1)  # [R, 1, E]
            vectors = torch.cat([prefix.to(words.dtype), words], 1) if past is None else words
            logits, past = self.backbone.read(vectors, past)
            return logits + self.never, past

        return step

    def _prefix(self, fuse: Fuse, size: int) -> Tensor:
        """Fuse the queries with the inputs of B samples. -> [B, N, E]"""
        queries = self.prefix.expand(size, -1, -1)  # [B, N, D]
        fused = fuse(Tokens(queries, torch.ones(queries.shape[:2], dtype=torch.bool, device=queries.device)))
        return self.project(self.dropout(self.norm(fused.features)))  # type: ignore[no-any-return]
