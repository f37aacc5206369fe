"""Looks at every cell and reads every file once, before training, exactly as training will read them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from mmexp.contract import Waveform
from mmexp.dataset.columns import LISTS, as_list, read_target, read_text
from mmexp.dataset.media import READERS, Folder
from mmexp.dataset.row import Row
from mmexp.dataset.table import Record, absent
from mmexp.dataset.tolerance import Tolerance
from mmexp.dataset.vector import read_vector
from mmexp.error import DataError

THREADS = min(8, os.cpu_count() or 1)
File = tuple[str, str]


@dataclass(frozen=True)
class Probe:
    """What one file turned out to be.

    Args:
        size: In bytes.
        rate: Of sound, in Hz; 0 for anything else.
        fault: Why it cannot be used; empty if it can.
    """

    size: int = 0
    rate: int = 0
    fault: str = ""


class Screen:
    """Turns records into rows that can be used, and leaves out the others as far as that is tolerated.

    Attributes:
        probes: What was found, by modality and path.

    Args:
        inputs: Modality -> column.
        targets: Target name -> column.
        folder: Where the files are.
        tolerance: How many rows may be left out.
        kinds: What a modality holds, where that is not its name.
    """

    def __init__(
        self,
        *,
        inputs: Mapping[str, str],
        targets: Mapping[str, str],
        folder: Folder,
        tolerance: Tolerance,
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        self.inputs, self.targets = inputs, targets
        self.kinds = {name: (kinds or {}).get(name, name) for name in inputs}
        self.folder, self.tolerance = folder, tolerance
        self.probes: dict[File, Probe] = {}
        self._forms: dict[str, tuple[int, int, str]] = {}
        self._lists = {*LISTS, *(targets[name] for name in LISTS if name in targets)}

    def rows(self, records: Iterable[Record]) -> list[Row]:
        """Screen all cells first, then all files.

        Raises:
            DataError: On a path that is refused, or on more faults than are tolerated.
        """
        rows = [row for record in records if (row := self._row(record)) is not None]
        users: dict[File, list[Row]] = {}
        for row in rows:
            for file in row.files:
                users.setdefault(file, []).append(row)
        bad: set[str] = set()
        for file, found in _probe_all(list(users), self.kinds, self.folder):
            self.probes[file] = found
            for row in users[file] if found.fault else ():
                if row.id not in bad:
                    self.tolerance.refuse(found.fault, sample=row.id, path=file[1], where=row.where)
                bad.add(row.id)
        return [row for row in rows if row.id not in bad]

    def _row(self, record: Record) -> Row | None:
        values = {name: record.values.get(column) for name, column in self.inputs.items()}
        inputs = {name: value for name, value in values.items() if not absent(value)}
        self._refuse_paths(inputs, record)
        targets: dict[str, Any] = {}
        name = ""
        try:
            for name, value in inputs.items():
                inputs[name] = self._read(name, value, record)
            for name, column in self.targets.items():
                targets[name] = read_target(name, record.values.get(column))
        except ValueError as fault:
            self.tolerance.refuse(f"{name} {fault}.", sample=record.id, path=record.where, where=record.where)
            return None
        return Row(record.id, record.where, inputs, targets, self.kinds)

    def _read(self, name: str, value: Any, record: Record) -> Any:
        """Read what stands in a cell itself; a file is left to be opened."""
        if self.kinds[name] == "vector":
            numbers = read_vector(value)
            dimensions, width, where = self._forms.setdefault(name, (numbers.ndim, numbers.shape[-1], record.where))
            if (numbers.ndim, numbers.shape[-1]) != (dimensions, width):
                form = {1: f"one vector of {width}", 2: f"a sequence of vectors of {width}"}[dimensions]
                raise ValueError(f"must be {form} numbers, as at {where}, got {list(numbers.shape)}")
            return numbers
        if self.kinds[name] == "text":
            return read_text(as_list(value) if self.inputs[name] in self._lists else value)
        return value

    def _refuse_paths(self, inputs: Mapping[str, Any], record: Record) -> None:
        for modality in (name for name in inputs if self.kinds[name] in READERS):
            try:
                self.folder.locate(inputs[modality])
            except ValueError as fault:
                hint = "Set dataset.root to the folder that holds all of your files."
                raise DataError(f"{modality} {fault}.", sample=record.id, path=record.where, hint=hint) from None


def _probe_all(files: Sequence[File], kinds: Mapping[str, str], folder: Folder) -> Iterator[tuple[File, Probe]]:
    """Read files in threads, as decoding is done outside Python's lock; give them back in order."""
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            yield from zip(files, pool.map(lambda file: _probe(file, kinds[file[0]], folder), files), strict=True)
        finally:
            pool.shutdown(cancel_futures=True)


def _probe(file: File, kind: str, folder: Folder) -> Probe:
    modality, value = file
    try:
        path = folder.locate(value)
        content = READERS[kind](path)
        return Probe(path.stat().st_size, content.rate if isinstance(content, Waveform) else 0)
    except ValueError as fault:
        return Probe(fault=f"{modality} {value!r} {fault}.")
