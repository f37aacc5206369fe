"""Rows of one split, light enough to send to workers, which open the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, overload

import numpy as np

from mmexp.contract import Sample
from mmexp.dataset.kind.media import READERS, Folder
from mmexp.dataset.kind.video import read_frames
from mmexp.dataset.lazy import Lazy
from mmexp.error import DataError

MASK = "mask"
FILES = (MASK, "image", "audio")
"""Targets that are files, which are also their kinds."""
IGNORED = 255
"""Number of a pixel of a mask that counts for nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A sample whose files are not yet opened.

    Args:
        id: Unique within the dataset.
        where: Manifest and line, for messages.
        inputs: By modality: a text, numbers, words, columns, a path as the manifest gives it, or those of all frames.
        targets: By target name; of one that is a file the path.
        kinds: What a modality holds, such as ``image``, where that is not its name.
    """

    id: str
    where: str
    inputs: Mapping[str, Any]
    targets: Mapping[str, Any]
    kinds: Mapping[str, str] = field(default_factory=dict)

    def kind(self, modality: str) -> str:
        """What a modality holds."""
        return self.kinds.get(modality, modality)

    def named(self, kind: str) -> list[str]:
        """Modalities of a kind."""
        return [name for name in self.inputs if self.kind(name) == kind]

    @property
    def files(self) -> list[tuple[str, str]]:
        """Modality, or target, and path of each file."""
        found = [(name, value) for name, value in self.inputs.items() if self.kind(name) in READERS]
        single = [(name, path) for name, value in found for path in ([value] if isinstance(value, str) else value)]
        return [*single, *((name, self.targets[name]) for name in FILES if name in self.targets)]


class Rows(Sequence[Sample]):
    """Gives row i as sample i, which opens a file when it is asked for what is in it.

    Args:
        rows: Rows of one split.
        folder: Where their files are.
        ignored: Numbers of a mask that count for nothing, and become 255.
    """

    def __init__(self, rows: Sequence[Row], folder: Folder, ignored: Sequence[int] = ()) -> None:
        self.rows, self.folder, self.ignored = rows, folder, tuple(ignored)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Sample | Rows:
        """Give one sample, whose values raise a DataError if their file cannot be read (any more)."""
        if isinstance(index, slice):
            return Rows(self.rows[index], self.folder, self.ignored)
        row = self.rows[index]
        targets = Lazy(tuple(row.targets), partial(self._target, row))
        return Sample(row.id, Lazy(tuple(row.inputs), partial(self._input, row)), targets)

    def _input(self, row: Row, modality: str) -> Any:
        return self._read(row, modality, row.kind(modality), row.inputs[modality])

    def _target(self, row: Row, name: str) -> Any:
        value = row.targets[name]
        if name not in FILES:
            return value
        content = self._read(row, name, name, value)
        if name == MASK and self.ignored:
            return np.where(np.isin(content, self.ignored), np.uint8(IGNORED), content)
        return content

    def _read(self, row: Row, name: str, kind: str, value: Any) -> Any:
        if kind not in READERS:
            return value
        try:
            if kind == "video":
                return read_frames([self.folder.locate(path) for path in value])
            return READERS[kind](self.folder.locate(value))
        except ValueError as fault:
            shown = value if isinstance(value, str) else f"{value[0]} ..."
            raise DataError(f"{name} {shown!r} {fault}.", sample=row.id, path=row.where) from fault
