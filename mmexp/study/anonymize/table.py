"""A table with its files copied without what says whom they are of; the original is read and never written."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import ImageKind
from mmexp.dataset.table.reader import Record, column_names, read_table
from mmexp.error import ConfigError, DataError, nearest
from mmexp.run.atomic import atomic, write_atomic
from mmexp.study.anonymize.image import Box, cleaned
from mmexp.study.anonymize.text import mask

LENGTH = 16
"""Hex digits of a hashed id."""
ID = "id"


@dataclass(frozen=True)
class Wanted:
    """What is to be done to which columns.

    Args:
        ids: Hashed.
        texts: Masked; those that look like prose if None.
        boxes: Column with boxes to blur in the images of its row; empty for none.
        salt: Of the hash.
    """

    ids: Sequence[str]
    texts: Sequence[str] | None
    boxes: str
    salt: bytes


@dataclass
class Copy:
    """A copy in the making.

    Args:
        folder: Finds the files of the table.
        to: Where the copy goes.
        wanted: What is to be done.
        counts: Of what was done, by column.
        names: Of the files in the copy, by path and column.
    """

    folder: Folder
    to: Path
    wanted: Wanted
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def row(self, record: Record) -> dict[str, Any]:
        """Return the cells of a row, and write its files."""
        boxes = _boxes(record.values.get(self.wanted.boxes)) if self.wanted.boxes else []
        found: dict[str, Any] = {}
        for name, cell in record.values.items():
            if name in self.wanted.ids and cell is not None:
                found[name] = hashed(cell, self.wanted.salt)
                self._count(name)["hashed"] += 1
            elif name in (self.wanted.texts or ()):
                found[name] = self._mask(name, cell)
            else:
                found[name] = self._files(name, cell, boxes, record)
        return found

    def _count(self, column: str) -> Counter[str]:
        return self.counts.setdefault(column, Counter())

    def _mask(self, column: str, cell: Any) -> Any:
        if isinstance(cell, list):
            return [self._mask(column, one) for one in cell]
        if isinstance(cell, dict):
            return {key: self._mask(column, one) for key, one in cell.items()}
        if not isinstance(cell, str):
            return cell
        masked, counts = mask(cell)
        self._count(column).update(counts)
        return masked

    def _files(self, column: str, cell: Any, boxes: Sequence[Box], record: Record) -> Any:
        """Return a cell with each path of a file replaced by that of its copy."""
        if isinstance(cell, list):
            return [self._files(column, one, boxes, record) for one in cell]
        path = located(self.folder, cell)
        if path is None:
            return cell
        boxes = boxes if path.suffix.lower() in ImageKind.suffixes else []
        key = (column, str(path), record.id if boxes else "")
        if key not in self.names:
            self.names[key] = f"{_plain(column)}/{len(self.names):06d}{path.suffix.lower()}"
            try:
                self._write(column, path, self.names[key], boxes)
            except ValueError as fault:
                raise DataError(f"file must be an image, got {fault}.", sample=record.id, path=str(path)) from fault
        return self.names[key]

    def _write(self, column: str, path: Path, name: str, boxes: Sequence[Box]) -> None:
        data, counts = path.read_bytes(), self._count(column)
        if path.suffix.lower() in ImageKind.suffixes:
            data, found = cleaned(data, boxes)
            counts.update({"images": 1, **found})
        elif path.suffix.lower() == ".txt":
            text, found = mask(data.decode("utf-8", "replace"))
            data = text.encode()
            counts.update({"texts": 1, **found})
        else:
            counts["copied as they are"] += 1
        (self.to / name).parent.mkdir(exist_ok=True)
        with atomic(self.to / name) as file:
            file.write(data)


def anonymize(table: Path, to: Path, wanted: Wanted) -> dict[str, Any]:
    """Write a copy of a table and its files.

    Args:
        table: JSONL, CSV, TSV or Parquet; the copy of Parquet is JSONL, that of the others of the same form.
        to: Folder that is empty or not there.
        wanted: What is to be done.

    Returns:
        ``table``, ``rows``, ``columns`` (what was done how often), ``texts`` and ``guessed`` (whether they were named),
        ``untouched`` (columns that are as they were).

    Raises:
        ConfigError: If a column is not there, or the folder holds something.
        DataError: If the table or a file cannot be read.
    """
    records = read_table(table)
    columns = column_names(records)
    for name in (*wanted.ids, *(wanted.texts or ()), *([wanted.boxes] if wanted.boxes else [])):
        if name not in columns:
            raise ConfigError(
                f"anonymize: column must be one of {', '.join(columns)}, got {name!r}.", nearest(name, columns)
            )
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(f"anonymize: --to must be a folder that is empty or not there, got '{to}'.")
    folder = Folder(table.resolve().parent, table.resolve().parent)
    guessed = wanted.texts is None
    texts = prose(records, columns, wanted, folder) if guessed else list(wanted.texts or ())
    to.mkdir(parents=True, exist_ok=True)
    copy = Copy(folder, to, Wanted(wanted.ids, texts, wanted.boxes, wanted.salt))
    rows = [copy.row(record) for record in records]
    name = table.name if table.suffix.lower() != ".parquet" else f"{table.stem}.jsonl"
    write_atomic(to / name, _written(rows, columns, Path(name).suffix.lower()))
    touched = {*copy.counts, *wanted.ids, *texts}
    return {
        "table": name,
        "rows": len(rows),
        "columns": {name: dict(+own) for name, own in copy.counts.items()},
        "texts": texts,
        "guessed": guessed,
        "untouched": [name for name in columns if name not in touched],
    }


def hashed(value: Any, salt: bytes) -> str:
    """Return the keyed hash of an id: the same for the same id and salt, and of no use without the salt.

    Source: RFC 2104 (HMAC), with SHA-256.
    """
    return hmac.new(salt, str(value).encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()[:LENGTH]


def located(folder: Folder, cell: Any) -> Path | None:
    """Return the file that a cell names; None if it names none.

    Raises:
        ValueError: Never; a path that leaves the folder is no file of the table.
    """
    if not isinstance(cell, str) or "." not in cell or "\n" in cell or len(cell) > 1000:
        return None
    try:
        path = folder.locate(cell)
        return path if path.is_file() else None
    except (ValueError, OSError):
        return None


def prose(records: Sequence[Record], columns: Sequence[str], wanted: Wanted, folder: Folder) -> list[str]:
    """Return the columns that hold texts of several words, different ones in most rows."""
    found = []
    for name in columns:
        cells = [record.values.get(name) for record in records]
        texts = [text for cell in cells for text in _texts(cell)]
        if name in wanted.ids or name == wanted.boxes or not texts or located(folder, texts[0]):
            continue
        spaced = sum(any(one.isspace() for one in text.strip()) or len(text) > 40 for text in texts)
        if spaced * 2 >= len(texts) and len({*texts}) * 2 >= min(len(texts), 40):
            found.append(name)
    return found


def _texts(cell: Any) -> list[str]:
    if isinstance(cell, str):
        return [cell]
    return [text for one in cell for text in _texts(one)] if isinstance(cell, list) else []


def _boxes(cell: Any) -> list[Box]:
    """Boxes of a cell: ``[x, y, w, h]``, a list of such, or objects with a ``bbox``; of a CSV as JSON."""
    if isinstance(cell, str):
        try:
            cell = json.loads(cell)
        except ValueError as fault:
            raise DataError(f"boxes must be lists of [x, y, w, h], got {cell[:40]!r}.") from fault
    if isinstance(cell, Mapping):
        cell = cell.get("bbox")
    if not cell:
        return []
    if isinstance(cell, list) and len(cell) == 4 and all(isinstance(one, (int, float)) for one in cell):
        return [cell]
    if not isinstance(cell, list) or not all(isinstance(one, (list, Mapping)) for one in cell):
        raise DataError(f"boxes must be lists of [x, y, w, h], got {str(cell)[:40]!r}.")
    return [box for one in cell for box in _boxes(one)]


def _plain(column: str) -> str:
    return "".join(one if one.isalnum() else "_" for one in column)[:40] or "files"


def _written(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], suffix: str) -> str:
    import csv
    import io

    if suffix == ".jsonl":
        return "".join(f"{json.dumps(row, ensure_ascii=False, default=str)}\n" for row in rows)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter="\t" if suffix == ".tsv" else ",", lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if row.get(name) is None else row.get(name) for name in columns] for row in rows])
    return buffer.getvalue()
