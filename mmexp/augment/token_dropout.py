"""Dropout of text tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from mmexp.augment.base import Augment
from mmexp.contract import Batch
from mmexp.transform.text import Tokenizer


class TokenDropout(Augment):
    """Replace random tokens of a text by the unknown one, never special ones.

    Source: Iyyer et al. 2015, "Deep Unordered Composition Rivals Syntactic Methods for Text Classification", section
    2.3 (word dropout). Differs: a word becomes unknown instead of leaving.

    Args:
        modality: Name of the text.
        probability: Of each token.
        replacement: Id that takes its place; of a pretrained encoder that of its mask, such as 103 of BERT.
        specials: Ids that stay, among them what a text begins with; of BERT [0,100,101,102,103].

    Raises:
        ValueError: If probability is not in (0, 1), the input is absent or no text, or a text begins otherwise.
    """

    def __init__(
        self,
        *,
        modality: str = "text",
        probability: float = 0.1,
        replacement: int = Tokenizer.unk,
        specials: Sequence[int] = (Tokenizer.pad, Tokenizer.bos, Tokenizer.eos, Tokenizer.unk),
    ) -> None:
        if not 0 < probability < 1:
            raise ValueError(f"TokenDropout: probability must be in (0, 1), got {probability}.")
        self.modality, self.probability = modality, probability
        self.replacement, self.specials = replacement, torch.tensor(list(specials))

    def __call__(self, batch: Batch) -> Batch:
        text = batch.inputs.get(self.modality)
        if text is None or text.values.is_floating_point() or text.values.ndim != 2 or text.mask.ndim != 2:
            known = ", ".join(batch.inputs)
            raise ValueError(f"TokenDropout: modality must be a text among the inputs {known}, got {self.modality!r}.")
        special = torch.isin(text.values, self.specials.to(text.values.device))
        first = ~special[:, 0] & text.mask[:, 0]
        if bool(first.any()):
            begin = int(text.values[first.nonzero()[0], 0])
            kept = self.specials.tolist()
            raise ValueError(f"TokenDropout: specials must hold what a text begins with, got {kept} without {begin}.")
        dropped = (torch.rand(text.values.shape, device=text.values.device) < self.probability) & ~special & text.mask
        values = text.values.masked_fill(dropped, self.replacement)
        return replace(batch, inputs={**batch.inputs, self.modality: replace(text, values=values)})
