"""The metrics that captions are reported with."""

from __future__ import annotations

from dataclasses import dataclass

from torchmetrics import Metric

from mmexp.metric.caption import Bleu, RougeL
from mmexp.metric.cider import CiderD
from mmexp.metric.diversity import Distinct, Length
from mmexp.transform.tokenization import Tokenize, splitter


@dataclass(frozen=True)
class CaptionScores:
    """Make fresh metrics of captions, all of which count the same tokens.

    Args:
        references: JSON-lines file with the training captions, for CIDEr-D.
        tokenize: What is counted, see ``metric.caption``: words, characters or blanks.

    Raises:
        ValueError: If tokenize is unknown.
    """

    references: str
    tokenize: Tokenize = "words"

    def __post_init__(self) -> None:
        splitter(self.tokenize)

    def quality(self) -> dict[str, Metric]:
        """Return BLEU-1 to 4, ROUGE-L and CIDEr-D, by name."""
        bleu = {f"bleu{n}": Bleu(order=n, tokenize=self.tokenize) for n in (1, 2, 3, 4)}
        return {**bleu, "rouge_l": RougeL(tokenize=self.tokenize), "cider": self.cider()}

    def greedy(self) -> dict[str, Metric]:
        """Return the metrics of greedy search, by name."""
        return {"greedy_bleu4": Bleu(order=4, tokenize=self.tokenize), "greedy_cider": self.cider()}

    def variety(self) -> dict[str, Metric]:
        """Return metrics of texts without references, by name."""
        distinct = {f"distinct{n}": Distinct(order=n, tokenize=self.tokenize) for n in (1, 2)}
        return {**distinct, "length": Length(tokenize=self.tokenize)}

    def cider(self) -> CiderD:
        """Return CIDEr-D with the document frequencies of the training captions."""
        return CiderD(references=self.references, tokenize=self.tokenize)
