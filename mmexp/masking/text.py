"""Mask words of a text, or of a row of words."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.head.mlp import Head
from mmexp.masking.base import Masking
from mmexp.transform.text import TextTransform, Tokenizer
from mmexp.transform.words import WordsTransform


class TextMasking(Masking):
    """Classify masked words, by their cross-entropy.

    Source: Devlin et al. 2019, "BERT", https://arxiv.org/abs/1810.04805, section 3.1. Differs: a masked word is always
    the unknown one, and a word that is unknown is none to predict.

    Args:
        dim: Width D of the tokens.
        ratio: Fraction of the words that is masked, at least one of each text.

    Shape:
        ids [B, L] -> log-odds [Q, V] of V words.

    Raises:
        ValueError: If the ratio is not between 0 and 1.
    """

    transforms = (TextTransform, WordsTransform)
    classifies = True

    def __init__(self, *, dim: int, ratio: float = 0.3) -> None:
        super().__init__(dim=dim, ratio=ratio)

    def prepare(self, transform: TextTransform | WordsTransform) -> None:
        self.vocabulary = transform.tokenizer.words()
        self.head = Head(dim=self.dim, width=len(self.vocabulary), depth=1, dropout=0.0)

    def cells(self, inputs: Padded) -> Tensor:
        return inputs.mask & (inputs.values > Tokenizer.unk)

    def cover(self, inputs: Padded, masked: Tensor) -> Padded:
        return replace(inputs, values=inputs.values.masked_fill(masked, Tokenizer.unk))

    def predict(self, tokens: Tokens, inputs: Padded, masked: Tensor) -> Tensor:
        return self.head(tokens.features[masked])  # type: ignore[no-any-return]

    def errors(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        return F.cross_entropy(predicted, inputs.values[masked], reduction="none")

    def hits(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        return predicted.argmax(1) == inputs.values[masked]

    def shown(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> list[list[list[str]]]:
        """The masked words of each sample, each with the prediction."""
        rows: list[list[list[str]]] = [[] for _ in masked]
        answers, targets = predicted.argmax(1).tolist(), inputs.values[masked].tolist()
        for row, target, answer in zip(masked.nonzero()[:, 0].tolist(), targets, answers, strict=True):
            rows[row].append([self.vocabulary[target], self.vocabulary[answer]])
        return rows
