"""Looks at every cell and reads every file once, before training, exactly as training will read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mmexp.dataset.base import Column, columns_of
from mmexp.dataset.kind.annotation import read_symbols, read_turns, read_words
from mmexp.dataset.kind.media import READERS, Folder
from mmexp.dataset.kind.tabular import is_blank, read_row
from mmexp.dataset.kind.vector import read_vector
from mmexp.dataset.kind.video import name_frames, paths_in
from mmexp.dataset.table.columns import LISTS, as_list, read_target, read_text
from mmexp.dataset.table.consistency import check_words, find_misfit
from mmexp.dataset.table.error_policy import ErrorPolicy
from mmexp.dataset.table.inspection import File, Probe, probe_all
from mmexp.dataset.table.reader import Record, absent
from mmexp.dataset.table.rows import FILES, Row
from mmexp.error import DataError


class Validator:
    """Turns records into rows that can be used, and leaves out the others as far as that is tolerated.

    Attributes:
        probes: What was found, by modality and path.

    Args:
        inputs: Modality -> column, or columns.
        targets: Target name -> column.
        folder: Where the files are.
        tolerance: How many rows may be left out.
        kinds: What a modality holds, where that is not its name.
        classes: How many numbers a mask may have, from 0; None for any.
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, Column],
        targets: Mapping[str, str],
        folder: Folder,
        tolerance: ErrorPolicy,
        kinds: Mapping[str, str] | None = None,
        classes: int | None = None,
    ) -> None:
        self.inputs, self.targets, self.classes = inputs, targets, classes
        self.kinds = {name: (kinds or {}).get(name, name) for name in inputs}
        self.folder, self.tolerance = folder, tolerance
        self.probes: dict[File, Probe] = {}
        self._forms: dict[str, tuple[int, int, str]] = {}
        self._lists = {*LISTS, *(targets[name] for name in LISTS if name in targets)}

    def rows(self, records: Iterable[Record]) -> list[Row]:
        """Screen all cells first, then all files, then whether they fit one another.

        Raises:
            DataError: On a path that is refused, or on more faults than are tolerated.
        """
        rows = [row for record in records if (row := self._row(record)) is not None]
        users: dict[File, list[Row]] = {}
        for row in rows:
            for file in row.files:
                users.setdefault(file, []).append(row)
        bad: set[str] = set()
        for file, found in probe_all(list(users), {name: name for name in FILES} | self.kinds, self.folder):
            self.probes[file] = found
            for row in users[file] if found.fault else ():
                if row.id not in bad:
                    self.tolerance.refuse(found.fault, sample=row.id, path=file[1], where=row.where)
                bad.add(row.id)
        return [row for row in rows if row.id not in bad and self._fits(row)]

    def _fits(self, row: Row) -> bool:
        fault = find_misfit(row, self.probes, self.classes)
        if fault:
            self.tolerance.refuse(fault, sample=row.id, path=row.where, where=row.where)
        return not fault

    def _row(self, record: Record) -> Row | None:
        values = {name: self._cell(name, record) for name in self.inputs}
        inputs = {name: value for name, value in values.items() if not absent(value)}
        self._refuse_paths(inputs, record)
        targets: dict[str, Any] = {}
        name = ""
        try:
            for name, value in inputs.items():
                inputs[name] = self._read(name, value, record)
            for name, column in self.targets.items():
                targets[name] = read_target(name, record.values.get(column))
            name = "tags"
            check_words(row := Row(record.id, record.where, inputs, targets, self.kinds))
        except ValueError as fault:
            self.tolerance.refuse(f"{name} {fault}.", sample=record.id, path=record.where, where=record.where)
            return None
        return row

    def _cell(self, name: str, record: Record) -> Any:
        """The cell that a modality is read from; of several columns those that are filled, None if none is."""
        column = self.inputs[name]
        if self.kinds[name] != "tabular":
            return record.values.get(str(column))
        cells = {one: record.values.get(one) for one in columns_of(column)}
        if isinstance(column, str) and isinstance(whole := cells[column], Mapping):
            cells = dict(whole)
        return {one: cell for one, cell in cells.items() if not is_blank(cell)} or None

    def _read(self, name: str, value: Any, record: Record) -> Any:
        """Read what stands in a cell itself; a file is left to be opened."""
        if self.kinds[name] == "vector":
            numbers = read_vector(value)
            dimensions, width, where = self._forms.setdefault(name, (numbers.ndim, numbers.shape[-1], record.where))
            if (numbers.ndim, numbers.shape[-1]) != (dimensions, width):
                form = {1: f"one vector of {width}", 2: f"a sequence of vectors of {width}"}[dimensions]
                raise ValueError(f"must be {form} numbers, as at {where}, got {list(numbers.shape)}")
            return numbers
        if self.kinds[name] == "tabular":
            return read_row(value)
        if self.kinds[name] == "words":
            return read_words(value)
        if self.kinds[name] == "symbols":
            return read_symbols(value)
        if self.kinds[name] == "video":
            return name_frames(value, self.folder)
        if name == "history":
            return read_turns(value)
        if self.kinds[name] == "text":
            return read_text(as_list(value) if self.inputs[name] in self._lists else value)
        return value

    def _refuse_paths(self, inputs: Mapping[str, Any], record: Record) -> None:
        """Refuse paths that lead outside, whatever is tolerated, before any is opened."""
        paths = [(name, inputs[name]) for name in inputs if self.kinds[name] in READERS]
        films = [(name, frame) for name, value in paths if self.kinds[name] == "video" for frame in paths_in(value)]
        paths = [path for path in paths if self.kinds[path[0]] != "video"] + films
        answers = {name: record.values.get(self.targets[name]) for name in FILES if name in self.targets}
        paths += [(name, path) for name, path in answers.items() if not absent(path)]
        for name, path in paths:
            try:
                self.folder.locate(path)
            except ValueError as fault:
                hint = "Set dataset.root to the folder that holds all of your files."
                raise DataError(f"{name} {fault}.", sample=record.id, path=record.where, hint=hint) from None
