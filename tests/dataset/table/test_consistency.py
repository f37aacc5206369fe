from __future__ import annotations

from typing import Any

import pytest

from mmexp.dataset.table.consistency import check_words, find_misfit
from mmexp.dataset.table.inspection import Probe
from mmexp.dataset.table.rows import Row


def row(inputs: dict[str, Any], **targets: Any) -> Row:
    return Row("a", "m:1", inputs, targets)


PROBES = {
    ("image", "i.png"): Probe(shape=(6, 8)),
    ("mask", "m.png"): Probe(shape=(6, 8), top=2),
    ("mask", "small.png"): Probe(shape=(3, 4), top=1),
    ("video", "1.png"): Probe(shape=(6, 8)),
    ("video", "2.png"): Probe(shape=(6, 9)),
}


def test_words_need_a_tag_each():
    check_words(row({"words": ["a", "b"]}, tags=["O", "O"]))
    check_words(row({"words": ["a"]}))
    check_words(row({}, tags=["O"]))
    with pytest.raises(ValueError, match="must be one for each word, got 1 for the 2 of words"):
        check_words(row({"words": ["a", "b"]}, tags=["O"]))


@pytest.mark.parametrize(
    ("given", "classes", "fault"),
    [
        (row({"image": "i.png"}, mask="m.png"), None, ""),
        (row({"image": "i.png"}, mask="m.png"), 3, ""),
        (row({}, mask="small.png"), None, ""),
        (row({"image": "i.png"}, mask="m.png"), 2, "mask 'm.png' must hold numbers below 2, or 255 for none, got 2."),
        (
            row({"image": "i.png"}, mask="small.png"),
            None,
            "mask 'small.png' must be as large as the image, 8x6, got 4x3.",
        ),
        (row({"video": ["1.png", "1.png"]}), None, ""),
        (row({"video": ["1.png", "2.png"]}), None, "video must have frames of one size, got 8x6 and 9x6."),
    ],
)
def test_masks_fit_their_image_and_frames_one_another(given: Row, classes: int | None, fault: str):
    assert find_misfit(given, PROBES, classes) == fault


@pytest.mark.parametrize(
    ("box", "fits"),
    [
        ([0, 0, 8, 6], True),
        ([0.5, -0.9, 8, 6], True),
        ([-2, 0, 3, 3], False),
        ([3, 3, 6.5, 1], False),
        ([3, 3, 1, 5], False),
    ],
)
def test_boxes_lie_in_the_image_give_or_take_a_pixel(box: list[float], fits: bool):
    fault = find_misfit(row({"image": "i.png"}, objects=[{"category": "a", "bbox": box}]), PROBES, None)
    assert (fault == "") is fits
    if fault:
        assert fault == f"objects must lie inside the image, 8x6, got bbox {box}."
