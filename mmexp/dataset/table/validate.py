"""Look at every cell and read every file once, before training, exactly as training will read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import absent, as_list
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.kind.media import FileKind
from mmexp.dataset.table.consistency import find_mismatch
from mmexp.dataset.table.error_policy import ErrorPolicy
from mmexp.dataset.table.inspection import Progress, inspect_all
from mmexp.dataset.table.inspection_cache import InspectionCache
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Fields, Row
from mmexp.dataset.table.text_format import TextFormat
from mmexp.error import DataError

_LABEL = "Fix it, or learn from such rows by method=pseudo_label +dataset.split.unlabeled=true"
"""What can be done about a row without any target."""


class Validator:
    """Turn records into rows that can be used, and leave out the others as far as the policy allows.

    Attributes:
        inspected: What was found, by modality, or target, and path.

    Args:
        inputs: Modality -> column, or columns.
        targets: Target name -> column.
        fields: Kind of each.
        folder: Where the files are.
        policy: How many rows may be left out.
        lists: Columns whose cells may hold a list of texts, in a CSV as JSON.
        form: How the table is written.
        cache: What is known of the files.
        unlabeled: Whether a row may lack all targets.
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, Column],
        targets: Mapping[str, str],
        fields: Fields,
        folder: Folder,
        policy: ErrorPolicy,
        lists: Collection[str] = (),
        form: TextFormat | None = None,
        cache: InspectionCache | None = None,
        unlabeled: bool = False,
    ) -> None:
        self.inputs, self.targets, self.fields = inputs, targets, fields
        self.folder, self.policy = folder, policy
        self.form, self.cache, self.unlabeled = form or TextFormat(), cache, unlabeled
        self.inspected: dict[File, Inspection] = {}
        self._places: dict[str, Path] = {}
        self._lists = {*lists, *(column for name, column in targets.items() if fields.targets[name].many)}

    def rows(self, records: Iterable[Record], progress: Progress | None = None) -> list[Row]:
        """Check all cells first, then all files, then whether they fit one another.

        Args:
            records: Of the table.
            progress: Takes how many files of how many are read.

        Raises:
            DataError: On a path that is refused, or on more faults than the policy allows.
        """
        rows = self._of_one_form([row for record in records if (row := self._row(record)) is not None])
        users: dict[File, list[Row]] = {}
        for row in rows:
            for file in row.files:
                users.setdefault(file, []).append(row)
        kinds = {**self.fields.targets, **self.fields.inputs}
        files = {name: kind for name, kind in kinds.items() if isinstance(kind, FileKind)}
        bad: set[str] = set()
        inspected = inspect_all(list(users), files, self.folder, self.cache, self._places)
        for done, (file, found) in enumerate(inspected, start=1):
            if progress:
                progress(done, len(users))
            self.inspected[file] = found
            for row in users[file] if found.fault else ():
                if row.id not in bad:
                    self.policy.refuse(found.fault, sample=row.id, path=file[1], where=row.where)
                bad.add(row.id)
        for name, kind in files.items():
            seen = [one for file, one in self.inspected.items() if file[0] == name and not one.fault]
            try:
                kind.settle(name, seen)
            except DataError as fault:
                raise DataError(str(fault), path=rows[0].where.rpartition(":")[0], hint=fault.hint) from None
        return [row for row in rows if row.id not in bad and self._fits(row)]

    def _fits(self, row: Row) -> bool:
        fault = find_mismatch(row, self.inspected)
        if fault:
            self.policy.refuse(fault, sample=row.id, path=row.where, where=row.where)
        return not fault

    def _row(self, record: Record) -> Row | None:
        values = {name: self.fields.inputs[name].pick(record.values, column) for name, column in self.inputs.items()}
        inputs = {name: value for name, value in values.items() if not absent(value)}
        cells = {name: record.values.get(column) for name, column in self.targets.items()}
        lacking = all(map(absent, cells.values()))
        cells = {} if self.unlabeled and lacking else cells
        self._refuse_paths(inputs, self.fields.inputs, record)
        self._refuse_paths(
            {name: cell for name, cell in cells.items() if not absent(cell)}, self.fields.targets, record
        )
        targets: dict[str, Any] = {}
        name = ""
        try:
            for name, value in inputs.items():
                inputs[name] = self._read(name, value)
            for name, cell in cells.items():
                kind = self.fields.targets[name]
                targets[name] = kind.read_target(self.form.values(cell) if kind.many else cell)
        except ValueError as fault:
            cure = _LABEL if lacking and name in cells else "Fix it"
            self.policy.refuse(f"{name} {fault}.", sample=record.id, path=record.where, where=record.where, cure=cure)
            return None
        return Row(record.id, record.where, inputs, targets, self.fields)

    def _read(self, name: str, cell: Any) -> Any:
        """Read the cell itself; a file is opened later."""
        kind = self.fields.inputs[name]
        listed = kind.many and self.inputs[name] in self._lists
        return kind.read(as_list(self.form.values(cell)) if listed else cell, self.folder)

    def _of_one_form(self, rows: list[Row]) -> list[Row]:
        """Leave out the rows whose values are not of the form that most have, in whatever order they stand."""
        for name, kind in self.fields.inputs.items():
            forms = {row.id: kind.form(row.inputs[name]) for row in rows if name in row.inputs}
            if len(counts := Counter(forms.values())) < 2:
                continue
            usual = min(counts, key=lambda form: (-counts[form], form))
            where = next(row.where for row in rows if forms.get(row.id) == usual)
            for row in (row for row in rows if forms.get(row.id, usual) != usual):
                rule = f"{name} must be {usual}, as at {where}, got {forms[row.id]}."
                self.policy.refuse(rule, sample=row.id, path=row.where, where=row.where)
            rows = [row for row in rows if forms.get(row.id, usual) == usual]
        return rows

    def _refuse_paths(self, cells: Mapping[str, Any], kinds: Mapping[str, Kind], record: Record) -> None:
        """Refuse paths that lead outside, whatever the policy, before any is opened."""
        paths = [(name, path) for name, cell in cells.items() for path in kinds[name].paths(cell)]
        for name, path in paths:
            try:
                self._places[path] = self.folder.locate(path)
            except ValueError as fault:
                hint = self.folder.cure(path)
                raise DataError(f"{name} {fault}.", sample=record.id, path=record.where, hint=hint) from None
