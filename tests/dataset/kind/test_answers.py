from __future__ import annotations

import pytest

from mmexp.dataset.kind.answers import AnswersKind


def test_answers_are_a_list_with_repetitions() -> None:
    assert AnswersKind().read_target(["a", "a"]) == ["a", "a"] and AnswersKind().read_target("a") == ["a"]


def test_there_is_one_answer_at_least() -> None:
    with pytest.raises(ValueError, match=r"must have a value, got \[\]"):
        AnswersKind().read_target([])
