"""What is said, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.transform.captions import Caption, Captions
from mmexp.transform.tokenization import join, pieces

Unit = Literal["char", "word"]


class Units:
    """The words or characters that transcripts are made of, numbered from 1; 0 is left for silence.

    Args:
        units: Those of the training split; others are left out.
        unit: What one is.
    """

    def __init__(self, *, units: Sequence[str], unit: Unit) -> None:
        self.units, self.unit = tuple(units), unit
        self.numbers = {name: number for number, name in enumerate(units, 1)}

    def __len__(self) -> int:
        return len(self.units)

    def encode(self, text: object) -> Tensor:
        """Numbers of a transcript. [T]"""
        numbers = [self.numbers[name] for name in spell(text, self.unit) if name in self.numbers]
        return torch.tensor(numbers, dtype=torch.long)

    def decode(self, numbers: Iterable[int]) -> str:
        """Transcript of the numbers."""
        names = [self.units[number - 1] for number in numbers]
        return " ".join(names) if self.unit == "word" else " ".join("".join(names).split())


class TranscriptTransform(Transform):
    """Number the units of a transcript; also keep the form in which transcripts are compared, see ``spoken``.

    Args:
        units: What it is made of.
    """

    def __init__(self, *, units: Units) -> None:
        self.units = units

    def prepare(self, raw: object) -> Caption:
        return spoken(raw), self.units.encode(raw)

    def collate(self, items: Sequence[Caption | None]) -> Captions:
        ids = pad([None if item is None else item[1] for item in items])
        one = Padded(ids.values.unsqueeze(1), ids.mask.unsqueeze(1))  # [B, 1, T]
        return Captions(one, [[] if item is None else [item[0]] for item in items])


def spoken(text: object) -> str:
    """Write as nothing but words: lower case, one blank between them, no punctuation, which is not spoken.

    Letters, marks, digits with their signs and emoji of every script stay, see ``tokenization``; and so do the blanks:
    in a script that is written without them a word is what they, or a segmenter, set apart.
    """
    return join(pieces(str(text)))


def spell(text: object, unit: Unit) -> list[str]:
    """Split a transcript into its units; the blank between words is a character."""
    return spoken(text).split() if unit == "word" else list(spoken(text))


def learn_units(texts: Iterable[object]) -> dict[str, list[str]]:
    """Collect the characters and the words that occur, sorted."""
    chars: set[str] = set()
    words: set[str] = set()
    for text in texts:
        chars.update(spell(text, "char"))
        words.update(spell(text, "word"))
    return {"char": sorted(chars), "word": sorted(words)}
