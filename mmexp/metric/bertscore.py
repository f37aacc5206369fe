"""BERTScore: match the pieces of a text with those of a reference by their contextual embeddings."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from mmexp.metric.embedded import Embedded, embedder
from mmexp.metric.texts import TextsMetric

NAMES = ("bertscore_precision", "bertscore_recall", "bertscore_f1")


class BertScore(TextsMetric):
    """Match each piece of a text with the likest piece of its reference, by cosine, and each of the reference likewise.

    Precision is the mean over the pieces of the text, recall that over those of the reference, F1 their harmonic mean;
    each is the best over the references of a sample, then the mean over samples, as in the authors' code. A text
    without pieces scores 0. With ``idf`` a piece counts ``log((M + 1) / (m + 1))``, where m of the M references of the
    split have it; where that is 0 for all pieces of a text, they count the same.

    Values depend on the model and the layer, and compare with those of the same two alone; they are not rescaled with
    baselines. The special pieces around a text neither count nor are matched; the authors' code lets them be matched.

    Source: Zhang et al. 2020, "BERTScore", https://arxiv.org/abs/1904.09675, section 3.

    Args:
        model: Package, folder, or repository of the hub, see ``mmexp.weights.locate``; read at first use, once.
        preds: Column of the texts that are measured; None for the one that the task predicts.
        references: Column of what they should say; None for references or target.
        revision: Branch, tag or commit of a repository.
        layer: Whose features are compared, as in ``mmexp.layer.hf.Backbone``; None for what the model gives. The
            paper takes a middle one, the best for its data.
        idf: Weigh pieces by how few references have them.
        max_length: Pieces at most, special ones included; longer texts are cut, which the log says. None reads 128, or
            as many as the model has positions for.

    Raises:
        ConfigError: If the model is not there, is no text model, has no such layer or reads fewer pieces; at first use.
    """

    ids: list[Tensor]
    best: list[Tensor]
    lengths: list[Tensor]
    references_of: list[Tensor]
    cut: Tensor

    def __init__(
        self,
        *,
        model: str,
        preds: str | None = None,
        references: str | None = None,
        revision: str | None = None,
        layer: int | None = None,
        idf: bool = False,
        max_length: int | None = None,
    ) -> None:
        super().__init__(preds=preds, references=references)
        self.idf, self.asked = idf, (model, revision, layer, max_length)
        for state in ("ids", "best", "lengths", "references_of"):
            self.add_state(state, [], dist_reduce_fx="cat")
        self.add_state("cut", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def prepare(self) -> None:
        embedder(*self.asked)

    def update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add the rows of one batch; those without references do not count."""
        pairs = self.texts(rows)
        if pairs:
            with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
                self._match_all(pairs)

    def compute(self) -> dict[str, Tensor]:
        """Precision, recall and F1, in [-1, 1]; NaN before any sample with references."""
        if not len(self.references_of):
            return dict.fromkeys(NAMES, torch.tensor(math.nan))
        if self.cut:
            rule = "of the texts were longer than the model reads, and were cut. Set max_length of the metric."
            logging.getLogger(__name__).warning("bertscore: %d %s", int(self.cut), rule)
        precision, recall = self._scores().unbind(1)  # [P] pairs
        mean = 2 * precision * recall / (precision + recall)
        every = torch.stack([precision, recall, mean.where((precision > 0) & (recall > 0), 0)], 1)  # [P, 3]
        best = [own.amax(0) for own in torch.split(every, dim_zero_cat(self.references_of).tolist())]
        return dict(zip(NAMES, torch.stack(best).mean(0), strict=True))

    def _match_all(self, pairs: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        embedded = embedder(*self.asked).embed({text for own, others in pairs for text in (own, *others)}, self.device)
        for text, references in pairs:
            for reference in references:
                self._match(embedded[text], embedded[reference])
            self.references_of.append(torch.tensor([len(references)], device=self.device))
        self.cut += sum(one.cut for one in embedded.values())

    def _match(self, text: Embedded, reference: Embedded) -> None:
        cosines = text.vectors @ reference.vectors.T  # [N, M]
        sides = [cosines.amax(1), cosines.amax(0)] if cosines.numel() else [cosines.sum(1), cosines.sum(0)]
        self.best.append(torch.cat(sides))
        self.ids.append(torch.cat([text.ids, reference.ids]))
        self.lengths.append(torch.tensor([list(cosines.shape)], device=self.device))

    def _scores(self) -> Tensor:
        """Precision and recall of each pair. -> [P, 2]"""
        ids, best, lengths = dim_zero_cat(self.ids), dim_zero_cat(self.best), dim_zero_cat(self.lengths)
        sides = torch.arange(lengths.numel(), device=ids.device).repeat_interleave(lengths.flatten())  # [pieces]
        weights = self._idf(ids, sides, len(lengths)) if self.idf else torch.ones_like(best)
        none = weights.new_zeros(lengths.numel())
        empty = none.index_add(0, sides, weights) == 0
        weights = weights.where(~empty[sides], 1)
        total = none.index_add(0, sides, weights).clamp(min=1e-12)
        return (none.index_add(0, sides, weights * best) / total).view(-1, 2)

    def _idf(self, ids: Tensor, sides: Tensor, references: int) -> Tensor:
        """Weight of each piece."""
        inside = sides % 2 == 1
        distinct = torch.unique(torch.stack([sides[inside], ids[inside]]), dim=1)[1]
        counts: Tensor = distinct.bincount(minlength=int(ids.max()) + 1 if len(ids) else 0)
        return ((references + 1) / (counts[ids] + 1)).log()
