from __future__ import annotations

import numpy as np
import pytest

from mmexp.plot.boxes import Boxes, outlined
from mmexp.plot.regions import palette


def test_answered_boxes_have_the_colour_of_their_class_and_true_ones_are_dashed():
    own = Boxes(predicted=[[1, 2, 3, 4]], categories=["dog"], scores=[0.875], true=[[0, 0, 5, 5], [2, 2, 1, 1]])
    (axes,) = outlined([np.zeros((9, 9, 3), np.uint8)], [own], ["image"], ["cat", "dog"]).axes
    *true, predicted = axes.patches
    assert [frame.get_linestyle() for frame in true] == ["--"] * 2 and predicted.get_linestyle() == "-"
    assert predicted.get_bbox().bounds == (0.5, 1.5, 3, 4)
    assert predicted.get_edgecolor()[:3] == pytest.approx(palette(2)[1] / 255)
    assert [text.get_text() for text in axes.texts] == ["dog 0.88"] and axes.get_title() == "image"
