from __future__ import annotations

import numpy as np
import torch

from mmexp.study.explain.kind.image import draw


def test_an_image_is_a_grid_whose_squares_become_its_mean(question):
    parts, own = question.parts["image"], question.batch.inputs["image"]
    assert len(parts.names) == 64 and parts.place.shape == (16, 16) and parts.place[-1, -1] == 63
    assert parts.place[0, :4].tolist() == [0, 0, 1, 1] and parts.names[9] == "row 2, column 2"
    mean = own.values.float().mean((2, 3)).round()[0]
    assert torch.equal(parts.blank[:, 0, 0].float(), mean)


def test_it_is_drawn_as_one_picture_within_the_page(question):
    shown = draw(question.parts["image"], np.linspace(-1, 1, 64), question.batch.inputs["image"], None, "a < b")
    assert shown.startswith('<img src="data:image/png;base64,') and "a &lt; b" in shown
    assert draw(question.parts["image"], np.zeros(64), question.batch.inputs["image"], None, "x")
