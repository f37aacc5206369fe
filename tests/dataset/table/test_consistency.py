from __future__ import annotations

import pytest

from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.consistency import find_mismatch
from mmexp.dataset.table.rows import Fields, Row

KINDS = standard()
FIELDS = Fields({name: KINDS[name] for name in ("video", "words")}, {"tags": KINDS["tags"]})
INSPECTED = {("video", f"{n}.png"): Inspection(facts={"shape": shape}) for n, shape in ((1, (6, 8)), (2, (6, 9)))}


@pytest.mark.parametrize(
    ("inputs", "tags", "fault"),
    [
        ({"video": ["1.png", "1.png"], "words": ["a"]}, ["O"], ""),
        ({"video": ["1.png", "2.png"]}, ["O"], "video must have frames of one size, got 8x6 and 9x6."),
        ({"words": ["a", "b"]}, ["O"], "tags must be one for each word, got 1 for the 2 of words."),
    ],
)
def test_what_does_not_fit_is_named(inputs: dict[str, list[str]], tags: list[str], fault: str) -> None:
    assert find_mismatch(Row("a", "m:1", inputs, {"tags": tags}, FIELDS), INSPECTED) == fault
