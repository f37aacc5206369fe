"""Texts by their tokens; one that is taken away is masked, as padding is."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmexp.analysis.report.html import Html, join, tag
from mmexp.contract import Padded
from mmexp.study.explain.parts import Parts
from mmexp.transform.base import Transform
from mmexp.transform.hf_text import HfTextTransform
from mmexp.transform.text import TextTransform
from mmexp.transform.tokenization import JOINED

TRANSFORMS: tuple[type[Transform], ...] = (TextTransform, HfTextTransform)
CONTINUOUS = False
LEVELS = 10
"""Of colour, either way."""


def divide(inputs: Padded, transform: Any) -> Parts:
    """Return the tokens; begin, end and separators always stay."""
    ids, known = inputs.values[0].tolist(), inputs.mask[0].tolist()
    if isinstance(transform, HfTextTransform):
        special, words = {*transform.tokenizer.all_special_ids}, transform.tokenizer.convert_ids_to_tokens(ids)
    else:
        own = transform.tokenizer
        vocabulary = own.words()
        special, words = {own.pad, own.bos, own.eos}, [vocabulary[i] for i in ids]
    place: list[int] = []
    names: list[str] = []
    for i, there, word in zip(ids, known, words, strict=True):
        counts = there and i not in special
        place.append(len(names) if counts else -1)
        names += [str(word)] if counts else []
    return Parts(torch.tensor(place, device=inputs.values.device), names)


def word(name: str) -> str:
    """Return a token without what joins it to others."""
    return name.removeprefix(JOINED).strip("\u0120\u2581")


def draw(parts: Parts, values: np.ndarray, inputs: Padded, sample: Any, title: str) -> Html:
    """Show the words, red where one speaks for the answer and blue where it speaks against it."""
    largest = float(np.abs(values).max(initial=0)) or 1.0
    shown: list[Html] = []
    for name, value in zip(parts.names, values, strict=True):
        level = round(abs(float(value)) / largest * LEVELS)
        shown += [
            tag("span", word(name), class_=f"w {'for' if value > 0 else 'against'}{level}", title=f"{value:.3g}"),
            Html(" "),
        ]
    return tag("p", join(*shown), class_="words", aria_label=title)
