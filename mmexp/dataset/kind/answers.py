"""Answers of several annotators to a question."""

from __future__ import annotations

from mmexp.dataset.kind.base import Kind


class AnswersKind(Kind):
    """Answers, as a list of str or int."""

    targets = {"answers": ("answers",)}
    order = 140
    prose = True
    many = True
