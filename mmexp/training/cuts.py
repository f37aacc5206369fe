"""What is cut of the data: texts beyond max_length, audio beyond max_seconds; counted before training."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mmexp.transform.base import Transform


@dataclass(frozen=True)
class Cut:
    """Values of one split that are longer than the limit.

    Args:
        name: Modality, or target.
        split: Of the values.
        cut: Values that are cut.
        values: All of them.
        setting: Key of the limit.
        limit: What it is.
        longest: What it has to be to keep all.
    """

    name: str
    split: str
    cut: int
    values: int
    setting: str
    limit: float
    longest: float

    def __str__(self) -> str:
        rule = f"{self.cut} of {self.values} values of {self.split} are longer than {self.limit:g} and are cut"
        return f"{self.name}: {rule}; {self.setting}={self.longest:.0f} keeps all"

    def facts(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


def find_cut(name: str, split: str, values: Iterable[Any], transform: Transform, setting: str) -> Cut | None:
    """Count the values that a transform cuts; None if there are none.

    Args:
        name: Modality, or target.
        split: Of the values.
        values: As the dataset gives them, None where there is none.
        transform: That may cut them.
        setting: Key of its limit.
    """
    limit = float(getattr(transform, transform.limit))
    lengths = [transform.length(value) for value in values if value is not None]
    longer = [length for length in lengths if length > limit]
    longest = math.ceil(max(lengths, default=0))
    return Cut(name, split, len(longer), len(lengths), setting, limit, longest) if longer else None


def limits(transforms: Mapping[str, Transform]) -> Iterator[str]:
    """Return the names of the modalities, or targets, that may be cut."""
    return (name for name, transform in transforms.items() if transform.limit)


def setting_of(key: str, node: Mapping[str, Any], limit: str) -> str:
    """Return the key of a limit: that of a component, or of the part of it that reads texts or files."""
    parts = (part for part in ("decoder", "text", "transform") if isinstance(node.get(part), Mapping))
    return ".".join(filter(None, (key, next(parts, ""), limit)))
