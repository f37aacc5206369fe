"""Answers to questions, as they are learnt and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from mmexp.transform.base import Transform
from mmexp.transform.captions import Caption, CaptionsTransform
from mmexp.transform.label import LabelTransform
from mmexp.transform.text import TextTransform

Normalise = Callable[[object], str]


class AnswerTransform(LabelTransform):
    """Number an answer, once normalised, by its place among the classes.

    Args:
        classes: Normalised answers; place i is class i.
        normalise: Makes one text of all ways to write an answer.
    """

    def __init__(self, *, classes: Sequence[str], normalise: Normalise) -> None:
        super().__init__(classes=classes)
        self.normalise = normalise

    def prepare(self, raw: object) -> tuple[Any, Tensor]:
        return super().prepare(self.normalise(raw))


class WrittenAnswerTransform(CaptionsTransform):
    """Turn an answer, once normalised, into ids between begin and end.

    Args:
        text: What turns one text into ids, and cuts long ones.
        normalise: Makes one text of all ways to write an answer.
    """

    def __init__(self, *, text: TextTransform, normalise: Normalise) -> None:
        super().__init__(text=text)
        self.normalise = normalise

    def length(self, raw: object) -> int:
        return super().length(self.normalise(raw))

    def prepare(self, raw: object) -> list[Caption]:
        return super().prepare(self.normalise(raw))


class PeopleTransform(Transform):
    """Keep what several people answered to one question, as texts."""

    def prepare(self, raw: Sequence[object]) -> list[str]:
        return [str(answer) for answer in raw]

    def collate(self, items: Sequence[list[str] | None]) -> list[list[str]]:
        return [item or [] for item in items]
