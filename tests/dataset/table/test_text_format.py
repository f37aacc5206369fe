from __future__ import annotations

from typing import Any

import pytest

from mmexp.dataset.table.text_format import TextFormat
from mmexp.error import ConfigError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"delimiter": "ab"}, r"csv\.delimiter must be one character or one of comma, .*, got 'ab'"),
        ({"lists": '"'}, r"csv\.lists must be one character or one of"),
        ({"quoting": "all"}, r"csv\.quoting must be one of minimal, multiline, none, got 'all'"),
        ({"decimal": ";"}, r"csv\.decimal must be one of point, comma, got ';'"),
        ({"encoding": "utf-7.5"}, r"csv\.encoding must be one that Python knows, got 'utf-7\.5'"),
        ({"quotes": "none"}, r"dataset\.csv\.quotes is not known\. .*quoting"),
    ],
)
def test_a_wrong_format_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TextFormat.of(given)


def test_the_values_of_a_cell_are_parted_where_it_is_asked_for() -> None:
    form = TextFormat(lists="pipe")
    assert form.values("a | b|c") == ["a", "b", "c"] and form.values("a") == ["a"]
    assert form.values('["a|b"]') == '["a|b"]' and form.values(None) is None
    assert TextFormat().values("a|b") == "a|b"
