"""Rows of one split, light enough to send to workers, which open the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, overload

from mmexp.contract import Sample, Split
from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.lazy import Lazy
from mmexp.error import DataError


@dataclass(frozen=True, slots=True)
class Fields:
    """What the rows of a table hold.

    Args:
        inputs: Kind by modality.
        targets: Kind by target.
    """

    inputs: Mapping[str, Kind] = field(default_factory=dict)
    targets: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A sample whose files are not yet opened.

    Args:
        id: Unique within the dataset.
        where: Manifest and line, for messages.
        inputs: By modality: a text, numbers, words, columns, a path as the manifest gives it, or those of all frames.
        targets: By target name; of one that is a file the path.
        fields: Kind of each.
    """

    id: str
    where: str
    inputs: Mapping[str, Any]
    targets: Mapping[str, Any]
    fields: Fields

    def of(self, kind: type[Kind]) -> list[str]:
        """Return the modalities of a kind."""
        return [name for name in self.inputs if isinstance(self.fields.inputs[name], kind)]

    def shape_of(self, kind: type[Kind], inspected: Mapping[File, Inspection]) -> tuple[int, ...] | None:
        """Return height and width of its first input of a kind; None if it has none."""
        return next((inspected[name, self.inputs[name]].facts["shape"] for name in self.of(kind)), None)

    @property
    def files(self) -> list[File]:
        """Modality, or target, and path of each file."""
        inputs = [(name, path) for name, value in self.inputs.items() for path in self.fields.inputs[name].paths(value)]
        targets = [(name, p) for name, value in self.targets.items() for p in self.fields.targets[name].paths(value)]
        return [*inputs, *targets]


def set_apart(splits: Mapping[Split, Sequence[Row]]) -> tuple[dict[Split, list[Row]], int]:
    """Return the splits without the rows of train that lack all targets, and the number of those.

    Raises:
        DataError: If a row of another split lacks them.
    """
    found: dict[Split, list[Row]] = {}
    count = 0
    for name, rows in splits.items():
        lacking = [row for row in rows if row.fields.targets and not row.targets]
        found[name], count = [row for row in rows if row.targets or not row.fields.targets], count + len(lacking)
        if lacking and name != "train":
            rule = f"{', '.join(lacking[0].fields.targets)} must have a value in {name}, got none."
            hint = "Write train into its split, or the value into the table."
            raise DataError(rule, sample=lacking[0].id, path=lacking[0].where, hint=hint)
    return found, count


def lengths(rows: Sequence[Row], name: str, inspected: Mapping[File, Inspection]) -> Iterator[Any]:
    """Return the values of one modality or target, of a file what was kept of it; None where a row has none."""
    for row in rows:
        values, kinds = (row.inputs, row.fields.inputs) if name in row.inputs else (row.targets, row.fields.targets)
        value = values.get(name)
        yield inspected[name, value].facts if value is not None and kinds[name].is_file else value


def prose(rows: Sequence[Row], columns: Mapping[str, Column], targets: Mapping[str, str]) -> Iterator[str]:
    """Yield every text of some rows once, though an input and a target be read from one column.

    Args:
        rows: Of one split.
        columns: Input -> column, or columns.
        targets: Target -> column.
    """
    for row in rows:
        read = {column: name for name, column in targets.items() if row.fields.targets[name].prose}
        inputs = [name for name, kind in row.fields.inputs.items() if kind.prose and columns[name] not in read]
        values = [row.targets[name] for name in read.values() if name in row.targets]
        for value in (*values, *(row.inputs[name] for name in inputs if name in row.inputs)):
            texts = value if isinstance(value, list | tuple) else [value]
            yield from (text for text in texts if isinstance(text, str))


class Rows(Sequence[Sample]):
    """Return row i as sample i, which opens a file when its content is asked for.

    Args:
        rows: Rows of one split.
        folder: Where their files are.
        digests: Hash of the content of each file, as far as it is known.
    """

    def __init__(self, rows: Sequence[Row], folder: Folder, digests: Mapping[File, str] = MappingProxyType({})) -> None:
        self.rows, self.folder = rows, folder
        self.digests = {file: digests[file] for row in rows for file in row.files if file in digests}

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Sample | Rows:
        """Return one sample, whose values raise a DataError if their file cannot be read (any more)."""
        if isinstance(index, slice):
            return Rows(self.rows[index], self.folder, self.digests)
        row = self.rows[index]
        inputs, targets = (
            Lazy(tuple(values), partial(self._load, row, values, kinds))
            for values, kinds in ((row.inputs, row.fields.inputs), (row.targets, row.fields.targets))
        )
        return Sample(row.id, inputs, targets, self._files(row))

    def _files(self, row: Row) -> dict[str, str]:
        """Return by input that is read from files the hash of their content."""
        paths = {name: row.fields.inputs[name].paths(value) for name, value in row.inputs.items()}
        found = {name: [self.digests.get((name, path), "") for path in own] for name, own in paths.items()}
        return {name: " ".join(digests) for name, digests in found.items() if digests and all(digests)}

    def _load(self, row: Row, values: Mapping[str, Any], kinds: Mapping[str, Kind], name: str) -> Any:
        value = values[name]
        try:
            return kinds[name].load(value, self.folder)
        except ValueError as fault:
            shown = value if isinstance(value, str) else f"{value[0]} ..."
            raise DataError(f"{name} {shown!r} {fault}.", sample=row.id, path=row.where) from fault
