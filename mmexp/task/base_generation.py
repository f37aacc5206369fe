"""What tasks share that generate text: teacher forcing in training, and search for the most probable text."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Batch, Outputs, Padded, Tokens
from mmexp.decoder.base import TextDecoder
from mmexp.decoding.search import Decoded, Nucleus, State, Step, beam, greedy, sample
from mmexp.fusion.base import Fusion
from mmexp.loss.mean import mean
from mmexp.task.base import Explained, Task
from mmexp.transform.captions import Captions


class TextGeneration(Task):
    """Generate text token by token: ``p(word_i | words before it, inputs)`` by a decoder that the fusion serves.

    All texts of a sample are trained on at once, over one pass of its inputs. A task names the target that holds its
    ``Captions`` first. The decoder fuses onto an anchor, the ``prefix``.

    Source: Vinyals et al. 2015, "Show and Tell", https://arxiv.org/abs/1411.4555, eqs. 2 and 10.

    Args:
        decoder: Predicts each word; its vocabulary and max_length are those of the texts.
        label_smoothing: Share of each target that is spread over the vocabulary.
        word_dropout: Probability of masking a word that is read in training, so that the next must be predicted from
            the inputs.
        beams: Beam size at inference; 1 is greedy search.
        length_penalty: Above 0 favours long texts; see ``decoding.search.beam``.

    Raises:
        ValueError: If beams < 1.
    """

    anchor = "prefix"
    mode: Literal["min", "max"] = "max"
    written: ClassVar[str] = "text"
    """Key of the outputs with the generated texts."""

    def __init__(
        self,
        *,
        decoder: TextDecoder,
        label_smoothing: float = 0.0,
        word_dropout: float = 0.0,
        beams: int = 3,
        length_penalty: float = 1.0,
    ) -> None:
        super().__init__()
        if beams < 1:
            raise ValueError(f"{type(self).__name__}: beams must be at least 1, got {beams}.")
        self.decoder, self.label_smoothing, self.word_dropout = decoder, label_smoothing, word_dropout
        self.beams, self.length_penalty = beams, length_penalty

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        texts: Captions | None = batch.targets.get(self.targets[0])
        tokens = self.placed(tokens)
        outputs = {} if texts is None else self.teacher_forcing(tokens, fusion, texts.ids)
        return outputs if self.training else outputs | self.generate(tokens, fusion, batch)

    def placed(self, tokens: Mapping[str, Tokens]) -> Mapping[str, Tokens]:
        """Return the tokens that each word is fused with; by default those of the encoders."""
        return tokens

    def teacher_forcing(self, tokens: Mapping[str, Tokens], fusion: Fusion, ids: Padded) -> Outputs:
        """Predict every word of every text from the words before it. ids [B, K, T] -> logits [P, V] of P words"""
        read, targets, real = ids.values[..., :-1], ids.values[..., 1:], ids.mask[..., 1:]  # [B, K, T - 1]
        if self.training and self.word_dropout:
            known = self.decoder.tokenizer
            special = torch.isin(read, torch.tensor(known.special, device=read.device))
            dropped = (torch.rand(read.shape, device=read.device) < self.word_dropout) & ~special
            read = read.masked_fill(dropped, known.unk)
        logits = self.decoder(Padded(read, real), lambda anchor: fusion.onto(anchor, tokens))
        return {"logits": logits, "targets": targets[real]}

    @torch.no_grad()
    def generate(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        """Write a text per sample. -> ``text`` and ``score``, the mean log-probability of its words in nats"""
        found = self.search(self.decoder.step(fusion.bind(tokens), len(batch)), len(batch), self.beams)
        return {"text": self.read(found.ids), "score": found.score}

    def search(self, step: Step[State], size: int, beams: int) -> Decoded:
        """Find the likeliest text of each sample by beam search, or by greedy search for one beam."""
        known, longest = self.decoder.tokenizer, self.decoder.max_length - 1
        start = torch.full((size,), known.bos, device=self.device)
        if beams == 1:
            return greedy(step, start, end=known.eos, pad=known.pad, max_length=longest)
        penalty = self.length_penalty
        return beam(step, start, beams=beams, end=known.eos, pad=known.pad, max_length=longest, length_penalty=penalty)

    def sample(self, step: Step[State], ids: Sequence[str], nucleus: Nucleus) -> Decoded:
        """Draw the text of each sample; all chance comes from its id."""
        known = self.decoder.tokenizer
        start = torch.full((len(ids),), known.bos, device=self.device)
        generators = [torch.Generator().manual_seed(zlib.crc32(one.encode())) for one in ids]
        fractions = torch.stack([torch.rand(self.decoder.max_length - 1, generator=own) for own in generators])
        return sample(step, start, fractions.to(start.device), nucleus, end=known.eos, pad=known.pad)

    @property
    def device(self) -> torch.device:
        """Where the decoder is."""
        return next(self.decoder.parameters()).device

    def read(self, ids: Tensor) -> list[str]:
        """[B, T] -> B texts"""
        return [self.decoder.tokenizer.decode(row) for row in ids.tolist()]

    def rows(self, name: str, texts: Sequence[str], outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Return a row per sample: its text by a name, the score and, where known, the first of the true texts."""
        columns = zip(batch.ids, texts, outputs["score"].tolist(), strict=True)
        rows = [{"id": i, name: text, "score": score} for i, text, score in columns]
        known: Captions | None = batch.targets.get(self.targets[0])
        if known is None:
            return rows
        return [row | {"target": next(iter(true), None)} for row, true in zip(rows, known.texts, strict=True)]

    def explained(self, outputs: Outputs) -> Explained:
        """Explain the mean log-probability, in nats, of the words of the text that was generated."""
        text, name = outputs[self.written][0], self.targets[0]
        transform = self.transforms()[name]
        written = transform.prepare([text])

        def likelihood(found: Outputs) -> Tensor:
            words: Tensor = found["logits"].float().log_softmax(-1).gather(1, found["targets"].unsqueeze(1))
            return words.view(len(found["score"]), -1).mean(1)

        return Explained(text, likelihood, lambda rows: {name: transform.collate([written] * rows)})

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        name = self.targets[0].removesuffix("s")
        total, words = next(self.decoder.parameters()).sum() * 0, 0
        if "logits" in outputs:
            logits, targets = outputs["logits"].float(), outputs["targets"]
            total = F.cross_entropy(logits, targets, label_smoothing=self.label_smoothing, reduction="sum")
            words = len(targets)
        return {name: mean(total, words, len(batch), everywhere=self.training)}
