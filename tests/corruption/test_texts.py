from __future__ import annotations

from mmexp.corruption.texts import each


def test_a_text_its_variants_and_turns_are_changed_each():
    assert each("a", str.upper) == "A"
    assert each(["a", "b"], str.upper) == ["A", "B"]
    assert each(("a", "b"), str.upper) == ("A", "B")
