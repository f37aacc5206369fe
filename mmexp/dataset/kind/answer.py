"""Answers to a question, one per sample."""

from __future__ import annotations

from mmexp.dataset.kind.base import Kind


class AnswerKind(Kind):
    """One answer, as str or int."""

    targets = {"answer": ("answer",)}
    order = 130
    prose = True
    scalar = True
