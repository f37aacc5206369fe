from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmexp.contract import Padded
from mmexp.study.explain.kind.text import divide, draw
from mmexp.transform.hf_text import HfTextTransform


def test_the_parts_are_the_words_between_begin_and_end(question, sample):
    parts = question.parts["text"]
    assert list(parts.names) == sample.inputs["text"].split() and parts.blank is None
    assert parts.place.tolist() == [-1, *range(len(parts.names)), -1]


def test_pieces_of_a_pretrained_tokenizer_are_parts_and_its_special_ones_are_not(tiny_bert: str):
    transform = HfTextTransform(folder=tiny_bert, max_length=16)
    inputs = transform.collate([transform.prepare("a red things")])
    parts: Any = divide(inputs, transform)
    assert list(parts.names) == ["a", "red", "thing", "##s"] and parts.place.tolist() == [-1, 0, 1, 2, 3, -1]


def test_words_are_coloured_by_what_they_count_and_escaped():
    from mmexp.study.explain.parts import Parts

    parts = Parts(torch.arange(3), ["<b>", "##s", "no"])
    inputs = Padded(torch.zeros(1, 3, dtype=torch.long), torch.ones(1, 3, dtype=torch.bool))
    shown = draw(parts, np.array([2.0, -1.0, 0.0]), inputs, None, "x")
    assert 'class="w for10"' in shown and 'class="w against5"' in shown and 'class="w against0"' in shown
    assert "&lt;b&gt;" in shown and "##" not in shown
