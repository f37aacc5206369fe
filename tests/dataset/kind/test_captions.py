from __future__ import annotations

from typing import Any

import pytest

from mmexp.dataset.kind.captions import CaptionsKind


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("one", ["one"]),
        ('["one", "two"]', ["one", "two"]),
        ("[not json", ["[not json"]),
        ([""], [""]),
        ("nan", ["nan"]),
    ],
)
def test_captions_are_a_list(value: Any, expected: Any) -> None:
    assert CaptionsKind().read_target(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [([], r"must have a value, got \[\]"), (["a", 3], r"must be text or a list of texts, got \['a', 3\]")],
)
def test_captions_without_text_are_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CaptionsKind().read_target(value)
