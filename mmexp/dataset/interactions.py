"""Questions with a known best answer, each a kind of interaction between modalities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexp.contract import Sample, Split
from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.samples import Samples
from mmexp.dataset.synthetic.interactions.form import FORMS, LOUD, NO_WORD, RATE, WORDS, Form
from mmexp.dataset.synthetic.interactions.rule import RULES, Rule
from mmexp.error import nearest

VERSION = 1


@dataclass(frozen=True)
class Game(Samples):
    """Samples of one split, made when asked for.

    Args:
        interaction: Name of the rule.
        form: Name of the form.
        seed: With the split and the index it fixes a sample.
        split: The samples of different splits differ.
        size: Number of samples.
    """

    interaction: str
    form: str
    seed: int
    split: Split
    size: int

    def __len__(self) -> int:
        return self.size

    def sample(self, index: int) -> Sample:
        generator, form = self._generator(index), FORMS[self.form]
        symbols, answer = RULES[self.interaction].draw(generator)
        inputs = {
            form.names[m]: form.show(m, shown, self._loudness(m), generator)
            for m, shown in enumerate(symbols)
            if m != self._lacking(index)
        }
        return Sample(f"{self.split}-{index:06d}", inputs, {"label": answer})

    def answer(self, index: int) -> int:
        """The label alone."""
        return RULES[self.interaction].draw(self._generator(index))[1]

    def _generator(self, index: int) -> np.random.Generator:
        return np.random.default_rng((VERSION, self.seed, SPLITS.index(self.split), index))

    def _loudness(self, modality: int) -> float:
        return LOUD if self.interaction == "noisy" and modality == 1 else 1.0

    def _lacking(self, index: int) -> int | None:
        """The modality that a sample lacks, if any."""
        return index // 2 % 2 if self.interaction == "missing" and self.split == "test" and index % 2 else None


class Interactions(MultimodalDataset):
    """Asks questions whose best answer is known: redundant, unique, noisy, xor, xor3, order or missing.

    Source: the kinds of interaction are those of Liang et al. 2023, "Quantifying & Modeling Multimodal Interactions",
    https://arxiv.org/abs/2302.12247; the questions are our own, see ``mmexp.dataset.synthetic.interactions``.

    Args:
        interaction: The kind.
        form: How it is shown: one ``vector`` or ``sequence`` per modality (left, right, third), or ``image``: image,
            audio and text; None takes a sequence for order, where positions matter, and else a vector.
        seed: Names the samples.
        sizes: Samples in train, val and test.

    Raises:
        ValueError: If an argument is none of these.
    """

    def __init__(
        self,
        *,
        interaction: str = "xor",
        form: str | None = None,
        seed: int = 0,
        sizes: Sequence[int] = (4000, 500, 2000),
    ) -> None:
        form = form or ("sequence" if interaction == "order" else "vector")
        for name, value, known in (("interaction", interaction, RULES), ("form", form, FORMS)):
            if value not in known:
                rule = f"{name} must be one of {', '.join(known)}, got {value!r}"
                raise ValueError(f"Interactions: {rule}. {nearest(value, list(known))}")
        if len(sizes) != len(SPLITS) or min(sizes) < 1:
            raise ValueError(f"Interactions: sizes must be three numbers of at least 1, got {list(sizes)}.")
        self.games = {name: Game(interaction, form, seed, name, size) for name, size in zip(SPLITS, sizes, strict=True)}
        self.rule: Rule = RULES[interaction]
        self.form: Form = FORMS[form]
        self.inputs = {name: name for name in self.form.names[: self.rule.modalities]}
        self.targets = {"label": "label"}

    def prepare(self, splits: Sequence[Split] = SPLITS) -> None:
        """There is nothing to check."""

    def split(self, name: Split) -> Sequence[Sample]:
        return self.games[name]

    def describe(self) -> dict[str, Any]:
        """Facts, and what is known beforehand: ``optimal``, ``chance`` and ``single``, accuracies; ``skill``."""
        return {
            "classes": {"label": list(range(self.rule.classes))},
            "sizes": {name: game.size for name, game in self.games.items()},
            "sample_rate": RATE,
            "modality": {
                name: known for name, known in self.form.facts(self.rule.places).items() if name in self.inputs
            },
            "skill": self.rule.skill,
            "optimal": self.rule.optimal,
            "chance": 1 / self.rule.classes,
            "single": dict(zip(self.inputs, self.rule.single, strict=True)),
        }

    def texts(self) -> Iterator[str]:
        yield from (*WORDS, NO_WORD)

    def values(self, target: str) -> Iterator[Any]:
        game = self.games["train"]
        return map(game.answer, range(len(game)))

    def fingerprint(self) -> str:
        known = [VERSION, *(vars(game) for game in self.games.values())]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()
