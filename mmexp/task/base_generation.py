"""What tasks share that generate text: teacher forcing in training, and search for the most probable text."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Batch, Outputs, Padded, Tokens
from mmexp.decoding.search import Decoded, Nucleus, Step, beam, greedy, sample
from mmexp.encoder.text.base import Cache, TextEncoder
from mmexp.fusion.base import Fusion
from mmexp.loss.mean import mean
from mmexp.task.base import Task
from mmexp.transform.captions import Captions
from mmexp.transform.text import Tokenizer


class TextGeneration(Task):
    """Generate text token by token: ``logits_i = head(fusion.onto(prefix_i, inputs))``.

    All texts of a sample are trained on at once, over one pass of its inputs. The head shares its weights with
    the prefix's embedding. A task names the target that holds its ``Captions`` first.

    Source: Vinyals et al. 2015, "Show and Tell", https://arxiv.org/abs/1411.4555, eqs. 2 and 10.

    Args:
        prefix: Causal encoder of the words so far; its vocabulary and max_length are those of the texts.
        label_smoothing: Share of each target that is spread over the vocabulary.
        word_dropout: Probability of masking a token of the prefix in training, so that it must be predicted from the
            inputs.
        dropout: Probability of dropping a feature before the head.
        beams: Beam size at inference; 1 is greedy search.
        length_penalty: Above 0 favours long texts; see ``decoding.search.beam``.

    Raises:
        ValueError: If prefix is not causal, or beams < 1.
    """

    anchor = "prefix"
    mode: Literal["min", "max"] = "max"
    forbidden: Tensor

    def __init__(
        self,
        *,
        prefix: TextEncoder,
        label_smoothing: float = 0.0,
        word_dropout: float = 0.0,
        dropout: float = 0.1,
        beams: int = 3,
        length_penalty: float = 1.0,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if not prefix.causal:
            raise ValueError(f"{name}: prefix.causal must be true, got false. Set task.prefix.causal=true.")
        if beams < 1:
            raise ValueError(f"{name}: beams must be at least 1, got {beams}.")
        self.prefix, self.label_smoothing, self.word_dropout = prefix, label_smoothing, word_dropout
        self.beams, self.length_penalty = beams, length_penalty
        vocab_size, dim = prefix.embedding.weight.shape
        self.norm, self.dropout = nn.LayerNorm(dim), nn.Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        forbidden = torch.zeros(vocab_size)
        forbidden[[Tokenizer.pad, Tokenizer.bos, Tokenizer.unk]] = -torch.inf
        self.register_buffer("forbidden", forbidden, persistent=False)

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        texts: Captions | None = batch.targets.get(self.targets[0])
        outputs = {} if texts is None else self.teacher_forcing(tokens, fusion, texts.ids)
        return outputs if self.training else outputs | self.generate(tokens, fusion, batch)

    def teacher_forcing(self, tokens: Mapping[str, Tokens], fusion: Fusion, ids: Padded) -> Outputs:
        """Predict every word of every text from the words before it. ids [B, K, T] -> logits [P, V] of P words"""
        read, targets, real = ids.values[..., :-1], ids.values[..., 1:], ids.mask[..., 1:]  # [B, K, T - 1]
        if self.training and self.word_dropout:
            dropped = (torch.rand(read.shape, device=read.device) < self.word_dropout) & (read > Tokenizer.unk)
            read = read.masked_fill(dropped, Tokenizer.unk)
        prefix = self.prefix(Padded(read.flatten(0, 1), real.flatten(0, 1))).features  # [B * K, T - 1, D]
        side_by_side = Tokens(prefix.reshape(read.shape[0], -1, prefix.shape[-1]), real.flatten(1))
        hidden = fusion.onto(side_by_side, tokens).features  # [B, K * (T - 1), D]
        return {"logits": self.head(hidden[side_by_side.mask]), "targets": targets[real]}

    def head(self, hidden: Tensor, bias: Tensor | None = None) -> Tensor:
        """[..., D] -> [..., V], with the words' own bias unless another is given."""
        weight = self.prefix.embedding.weight
        return F.linear(self.dropout(self.norm(hidden)), weight, self.bias if bias is None else bias)

    @torch.no_grad()
    def generate(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        """Write a text per sample. -> ``text`` and ``score``, the mean log-probability of its words in nats"""
        found = self.search(self.step(tokens, fusion, len(batch)), len(batch), self.beams)
        return {"text": self.read(found.ids), "score": found.score}

    def search(self, step: Step[Cache], size: int, beams: int) -> Decoded:
        """Find the likeliest text of each sample by beam search, or by greedy search for one beam."""
        start = torch.full((size,), Tokenizer.bos, device=self.bias.device)
        end, pad, longest = Tokenizer.eos, Tokenizer.pad, self.prefix.max_length - 1
        if beams == 1:
            return greedy(step, start, end=end, pad=pad, max_length=longest)
        penalty = self.length_penalty
        return beam(step, start, beams=beams, end=end, pad=pad, max_length=longest, length_penalty=penalty)

    def sample(self, step: Step[Cache], ids: Sequence[str], nucleus: Nucleus) -> Decoded:
        """Draw the text of each sample; all chance comes from its id."""
        start = torch.full((len(ids),), Tokenizer.bos, device=self.bias.device)
        generators = [torch.Generator().manual_seed(zlib.crc32(one.encode())) for one in ids]
        fractions = torch.stack([torch.rand(self.prefix.max_length - 1, generator=own) for own in generators])
        return sample(step, start, fractions.to(start.device), nucleus, end=Tokenizer.eos, pad=Tokenizer.pad)

    def step(self, tokens: Mapping[str, Tokens], fusion: Fusion, size: int) -> Step[Cache]:
        """One more word per row, all rows of a sample over its inputs, which are bound once."""
        fuse, bias = fusion.bind(tokens), self.bias + self.forbidden

        def step(ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
            features, cache = self.prefix.step(ids, cache)  # [R, D]
            anchor = features.view(size, -1, features.shape[-1])  # [B, R / B, D]
            real = torch.ones(anchor.shape[:2], dtype=torch.bool, device=ids.device)
            hidden = fuse(Tokens(anchor, real)).features.flatten(0, 1)  # [R, D]
            return self.head(hidden, bias), cache

        return step

    def read(self, ids: Tensor) -> list[str]:
        """[B, T] -> B texts"""
        return [self.prefix.transform.tokenizer.decode(row) for row in ids.tolist()]

    def rows(self, name: str, texts: Sequence[str], outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Return a row per sample: its text by a name, the score and, where known, the first of the true texts."""
        columns = zip(batch.ids, texts, outputs["score"].tolist(), strict=True)
        rows = [{"id": i, name: text, "score": score} for i, text, score in columns]
        known: Captions | None = batch.targets.get(self.targets[0])
        if known is None:
            return rows
        return [row | {"target": next(iter(true), None)} for row, true in zip(rows, known.texts, strict=True)]

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        name = self.targets[0].removesuffix("s")
        total, words = self.bias.sum() * 0, 0
        if "logits" in outputs:
            logits, targets = outputs["logits"].float(), outputs["targets"]
            total = F.cross_entropy(logits, targets, label_smoothing=self.label_smoothing, reduction="sum")
            words = len(targets)
        return {name: mean(total, words, len(batch), everywhere=self.training)}
