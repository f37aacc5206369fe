from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.training.cuts import Cut, find_cut, limits, setting_of
from mmexp.transform.audio import AudioTransform
from mmexp.transform.captions import CaptionsTransform
from mmexp.transform.image import ImageTransform
from mmexp.transform.label import LabelTransform
from mmexp.transform.objects import ObjectsTransform
from mmexp.transform.symbols import SymbolsTransform
from mmexp.transform.text import TextTransform
from mmexp.transform.vector import VectorTransform
from mmexp.transform.words import WordsTransform


def test_what_is_cut_is_counted_with_the_limit_that_keeps_all(tokenizer: str):
    transform = TextTransform(tokenizer=tokenizer, max_length=5)
    texts = ["a red ball", "a red ball left of the box", None, "two red cats a"]
    cut = find_cut("text", "val", texts, transform, "encoder.text.max_length")
    assert cut == Cut("text", "val", 2, 3, "encoder.text.max_length", 5, 9) and Cut(**cut.facts()) == cut
    assert str(cut) == ("text: 2 of 3 values of val are longer than 5 and are cut; encoder.text.max_length=9 keeps all")
    kept = TextTransform(tokenizer=tokenizer, max_length=9)
    assert find_cut("text", "val", texts, kept, "x") is None and len(kept.prepare(texts[1])[0]) == 9


def test_each_transform_that_cuts_says_the_length_that_does_not(tokenizer: str):
    text = TextTransform(tokenizer=tokenizer, max_length=4)
    box = {"category": "a", "bbox": [0, 0, 1, 1]}
    cases: list[tuple[Any, Any, float]] = [
        (text, ("a red", "cats"), 6),
        (text, ["a", "a red ball"], 5),
        (CaptionsTransform(text=text), ["a", "a red ball"], 5),
        (WordsTransform(tokenizer=tokenizer, max_length=1), ["a", "b"], 2),
        (SymbolsTransform(symbols=["a"], max_length=1), ["a", "b"], 2),
        (VectorTransform(width=1, mean=[0.0], std=[1.0], max_length=1), np.zeros((3, 1)), 3),
        (AudioTransform(max_seconds=0.5), Waveform(np.zeros(800, np.float32), 1000), 0.8),
        (AudioTransform(max_seconds=0.5), {"seconds": 0.8}, 0.8),
        (ObjectsTransform(classes=["a"], max_objects=1), [box, box], 2),
    ]
    for transform, raw, length in cases:
        assert transform.length(raw) == pytest.approx(length) and getattr(transform, transform.limit) < length


def test_what_has_no_limit_is_not_counted():
    vector = VectorTransform(width=1, mean=[0.0], std=[1.0])
    without = {"label": LabelTransform(classes=[0]), "vector": vector, "objects": ObjectsTransform(classes=["a"])}
    assert not [*limits({**without, "image": ImageTransform(image_size=8)})]
    assert [*limits({"audio": AudioTransform()})] == ["audio"]


def test_the_setting_is_that_of_the_part_that_reads():
    assert setting_of("encoder.text", {"dim": 8}, "max_length") == "encoder.text.max_length"
    assert setting_of("encoder.audio", {"transform": {}}, "max_seconds") == "encoder.audio.transform.max_seconds"
    assert setting_of("task", {"decoder": {}}, "max_length") == "task.decoder.max_length"
