from __future__ import annotations

from types import SimpleNamespace

import pytest

from mmexp.task.base import Task


@pytest.mark.parametrize(
    ("anchor", "inputs", "slots"),
    [
        (None, ["image", "audio"], ("image", "audio")),
        ("prefix", ["image"], ("prefix", "image")),
        ("audio", ["image", "audio"], ("audio", "image")),
    ],
)
def test_the_anchor_comes_first_and_once(anchor, inputs, slots):
    assert Task.slots(SimpleNamespace(anchor=anchor), inputs) == slots
