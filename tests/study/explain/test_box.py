from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mmexp.study.explain.box import in_box


def test_the_share_is_that_of_the_pixels_in_the_box(question, sample):
    values = torch.zeros(question.size)
    values[0], values[63], values[64] = 3.0, 1.0, 50.0
    inside = replace(sample, targets={"objects": [{"bbox": [0, 0, 8, 8]}, {"bbox": [0, 0, 1, 1]}]})
    assert in_box(question, values, inside) == {"in_box": pytest.approx(0.75), "box": pytest.approx(0.25)}
    half = replace(sample, targets={"objects": [{"bbox": [0, 0, 1, 2]}]})
    assert in_box(question, values, half)["in_box"] == pytest.approx(0.75 / 2)


def test_without_a_box_or_anything_for_the_answer_there_is_no_share(question, sample):
    assert in_box(question, torch.ones(question.size), sample) is None
    inside = replace(sample, targets={"objects": [{"bbox": [0, 0, 8, 8]}]})
    assert in_box(question, -torch.ones(question.size), inside) is None
