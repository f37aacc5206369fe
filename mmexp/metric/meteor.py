"""METEOR by exact matches, without Java."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmexp.metric.texts import TextsMetric
from mmexp.transform.alignment import Parameters, best, meteor
from mmexp.transform.tokenization import Tokenize, splitter


class Meteor(TextsMetric):
    """Score matched tokens and the number of pieces that they form, as Meteor 1.5 does with its exact stage alone.

    Each text counts with the reference that gives it the best score; the value is that of the counts of all texts
    together, as Meteor 1.5 and COCO's evaluation report it, and not the mean over texts. Defaults are what Meteor 1.5
    ranks English with, which COCO's evaluation uses; those of its language-independent setting are alpha 0.7, beta 1.4
    and gamma 0.3.

    Not here are the stages of stems, synonyms (WordNet) and paraphrases, the discount of function words (delta) and the
    tokenizer of Meteor, which also keeps punctuation: values are lower than those of the whole Meteor, and comparable
    only with one another.

    Source: Banerjee and Lavie 2005, "METEOR", https://aclanthology.org/W05-0909; formula and parameters: Denkowski and
    Lavie 2014, "Meteor Universal", https://aclanthology.org/W14-3348, section 2. Differs: the fewest chunks are found
    for sentences of which Meteor's own beam misses them.

    Args:
        preds: Column of the texts that are measured; None for the one that the task predicts.
        references: Column of what they should say; None for references or target.
        tokenize: What a token is, see ``metric.caption``: words, characters or blanks.
        parameters: Fields of ``transform.alignment.Parameters`` to change: alpha, beta, gamma.

    Raises:
        ValueError: If tokenize is unknown, or a number is out of its range.
        TypeError: If parameters has another field.

    Example:
        >>> from mmexp.metric.meteor import Meteor
        >>> metric = Meteor()
        >>> metric.update([{"caption": "a dog runs on grass", "references": ["A dog runs on the grass."]}])
        >>> metric.compute()
        tensor(0.4278)
    """

    counts: Tensor
    samples: Tensor

    def __init__(
        self,
        *,
        preds: str | None = None,
        references: str | None = None,
        tokenize: Tokenize = "words",
        parameters: Mapping[str, float] | None = None,
    ) -> None:
        splitter(tokenize)
        super().__init__(preds=preds, references=references)
        self.tokenize, self.numbers = tokenize, Parameters(**(parameters or {}))
        self.add_state("counts", torch.zeros(4, dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("samples", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add the rows of one batch; those without references do not count."""
        split = splitter(self.tokenize)
        for text, references in self.texts(rows):
            found = best(split(text), [split(one) for one in references], self.numbers)
            self.counts += torch.tensor(found, device=self.device)
            self.samples += 1

    def compute(self) -> Tensor:
        """Score in [0, 1]; NaN before any sample with references."""
        if not self.samples:
            return torch.tensor(math.nan)
        return torch.as_tensor(float(meteor(self.counts.tolist(), self.numbers)))
