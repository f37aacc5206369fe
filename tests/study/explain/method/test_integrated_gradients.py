from __future__ import annotations

import pytest
import torch

from mmexp.study.explain.method.integrated_gradients import attribute


def test_what_the_parts_of_an_image_count_adds_up_to_the_difference_from_its_blank(question):
    """Completeness, proposition 1 of the paper, against the model itself."""
    found = question.split(attribute(question))["image"]
    own, blank = question.batch.inputs["image"], question.parts["image"].blank[None].float()
    with torch.no_grad():
        ends = [question.score({"image": _with(own, values)}) for values in (own.values.float(), blank)]
    assert float(found.sum()) == pytest.approx(float(ends[0] - ends[1]), abs=2e-3)


def test_what_words_count_adds_up_to_the_difference_from_unknown_words(question, trained):
    found = question.split(attribute(question))["text"]
    own, parts = question.batch.inputs["text"], question.parts["text"]
    unknown = torch.where(parts.place[None] >= 0, trained.module.model.transforms["text"].tokenizer.unk, own.values)
    with torch.no_grad():
        ends = [question.score({"text": _with(own, values)}) for values in (own.values, unknown)]
    assert float(found.sum()) == pytest.approx(float(ends[0] - ends[1]), abs=2e-3)


def _with(own, values):
    from dataclasses import replace

    return replace(own, values=values)
