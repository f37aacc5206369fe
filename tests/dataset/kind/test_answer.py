from __future__ import annotations

import pytest

from mmexp.dataset.kind.answer import AnswerKind


def test_an_answer_may_be_any_text() -> None:
    assert AnswerKind().read_target("nan") == "nan" and AnswerKind().read_target(3) == 3


def test_several_answers_are_not_one() -> None:
    with pytest.raises(ValueError, match=r"must be one value, got \['a'\]"):
        AnswerKind().read_target(["a"])
