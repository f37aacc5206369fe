"""Rows of one split, light enough to send to workers, which open the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from mmexp.contract import Sample
from mmexp.dataset.media import READERS, Folder
from mmexp.error import DataError


@dataclass(frozen=True, slots=True)
class Row:
    """A sample whose files are not yet opened.

    Args:
        id: Unique within the dataset.
        where: Manifest and line, for messages.
        inputs: By modality: a text, numbers, or a path as the manifest gives it.
        targets: By target name.
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

    @property
    def files(self) -> list[tuple[str, str]]:
        """Modality and path of each file."""
        return [(name, value) for name, value in self.inputs.items() if self.kind(name) in READERS]


class Rows(Sequence[Sample]):
    """Reads row i when asked for sample i.

    Args:
        rows: Rows of one split.
        folder: Where their files are.
    """

    def __init__(self, rows: Sequence[Row], folder: Folder) -> None:
        self.rows, self.folder = rows, folder

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Sample | Rows:
        """Read one sample.

        Raises:
            DataError: If a file cannot be read (any more).
        """
        if isinstance(index, slice):
            return Rows(self.rows[index], self.folder)
        row = self.rows[index]
        return Sample(row.id, {name: self._read(row, name, value) for name, value in row.inputs.items()}, row.targets)

    def _read(self, row: Row, modality: str, value: Any) -> Any:
        if (kind := row.kind(modality)) not in READERS:
            return value
        try:
            return READERS[kind](self.folder.locate(value))
        except ValueError as fault:
            raise DataError(f"{modality} {value!r} {fault}.", sample=row.id, path=row.where) from fault
