"""What a kind sees of the files and the row that its value stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

File = tuple[str, str]
"""Modality, or target, and path as the manifest gives it."""


@dataclass(frozen=True)
class Inspection:
    """What one file turned out to be.

    Args:
        digest: Hash of its content.
        facts: What its kind keeps of it, such as the ``shape`` of an image.
        fault: Why it cannot be used; empty if it can.
    """

    digest: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


class Neighbours(Protocol):
    """The row that a value stands in."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """By modality."""

    def of(self, kind: type[Any]) -> list[str]:
        """Return the modalities of a kind."""

    def shape_of(self, kind: type[Any], inspected: Mapping[File, Inspection]) -> tuple[int, ...] | None:
        """Return height and width of the first input of a kind; None if there is none."""
