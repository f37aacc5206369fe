from __future__ import annotations

import pytest

from mmexp.dataset.kind.dialogue import DialogueKind, read_turns


def test_turns_are_texts_in_order_and_a_plain_text_is_one_of_them():
    assert read_turns(["what is it", "a cube"]) == read_turns('["what is it", "a cube"]') == ("what is it", "a cube")
    assert read_turns("where is it") == ("where is it",)
    for wrong in (3, ["a", 3], ["a", " "], "", None):
        with pytest.raises(ValueError, match="must be a text or a list of turns, got"):
            read_turns(wrong)


def test_a_reply_is_a_text_and_not_a_class():
    assert DialogueKind().read_target("so") == "so" and not DialogueKind().classed
    with pytest.raises(ValueError, match="must be a text, got 3"):
        DialogueKind().read_target(3)
