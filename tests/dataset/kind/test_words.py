from __future__ import annotations

import pytest

from mmexp.dataset.kind.words import read_words


def test_words_are_a_list_or_a_text_that_is_split_at_blanks():
    assert read_words(["a", "b."]) == read_words("a b.") == read_words('["a", "b."]') == ["a", "b."]


@pytest.mark.parametrize("value", [3, ["a", ""], ["a", 3], {"a": 1}])
def test_what_is_no_list_of_words_is_refused(value):
    with pytest.raises(ValueError, match="must be a list of words, got"):
        read_words(value)
