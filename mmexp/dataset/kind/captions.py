"""Captions of an image, several per sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.text import read_text


class CaptionsKind(Kind):
    """Captions, as a list of str."""

    targets = {"captions": ("captions",)}
    order = 100
    prose = True
    many = True
    classed = False

    def check_target(self, value: Any) -> str | list[str]:
        return read_text(super().check_target(value))

    def tables(
        self, target: str, values: Iterable[Any], describe: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Iterable[Any]]:
        """Return the ``references``: the captions of the training split."""
        return {"references": values}
