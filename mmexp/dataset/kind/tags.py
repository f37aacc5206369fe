"""BIO tags of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.inspection import File, Inspection, Neighbours
from mmexp.dataset.kind.words import WordsKind, read_words
from mmexp.transform.spelling import Name
from mmexp.transform.tags import repaired


class TagsKind(Kind):
    """One BIO tag for each word, as a list of str."""

    targets = {"tags": ("tags",)}
    companions = {"tags": ("words",)}
    order = 170

    orphans = 0

    def for_column(self, rows: Sequence[Mapping[str, Any]], column: Column, trained: Mapping[str, Any]) -> Self:
        """Count the I- that begin an entity, as IOB1 writes them."""
        kind = type(self)()
        kind.orphans = sum(map(_orphans, (row.get(str(column)) for row in rows)))
        return kind

    def check_target(self, value: Any) -> list[str]:
        return read_tags(value)

    def members(self, value: Any) -> list[str]:
        """Return the tags as they are scored."""
        return repaired(value)

    def notes(self, name: str) -> list[str]:
        rule = f"{self.orphans} I- continue no entity of their type, and are learnt and scored as the B- of one"
        return [f"{name}: {rule}"] if self.orphans else []

    def unique(self, members: Sequence[Name]) -> list[Name]:
        """Return each tag once, sorted, as it is written."""
        return sorted(set(members), key=str)

    def check(self, name: str, value: Any, row: Neighbours, inspected: Mapping[File, Inspection]) -> None:
        """Make sure that every word has a tag."""
        for modality in row.of(WordsKind):
            if (words := len(row.inputs[modality])) != len(value):
                raise ValueError(f"must be one for each word, got {len(value)} for the {words} of {modality}")


def _orphans(cell: Any) -> int:
    try:
        tags = read_tags(cell)
    except ValueError:  # refused by row, where it is read
        return 0
    return sum(one != other for one, other in zip(tags, repaired(tags), strict=True))


def read_tags(value: Any) -> list[str]:
    """Check a list of BIO tags; a plain text is split at its blanks.

    Raises:
        ValueError: If it is no list, or a tag is not O, B-<type> or I-<type>.
    """
    tags = read_words(value)
    if wrong := [tag for tag in tags if tag != "O" and not (tag.startswith(("B-", "I-")) and tag[2:])]:
        raise ValueError(f"must be O, B-<type> or I-<type>, got {wrong[0]!r}")
    return tags
