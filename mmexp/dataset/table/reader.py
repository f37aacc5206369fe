"""Reads a table, JSONL, CSV, TSV or Parquet, as records that know where they stand."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.table.text_format import TextFormat, propose_delimiter
from mmexp.error import ConfigError, DataError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (".jsonl", *DELIMITERS, ".parquet")
Line = tuple[int, dict[str, Any]]
_QUOTES = (
    "Set dataset.csv.quoting=none if quotes are plain characters, or dataset.csv.quoting=multiline if a cell "
    "in quotes may hold line breaks."
)
_CONVERT = {
    ".gz": "Run: gunzip -k {old}\nThen name {name} as the table.",
    ".json": (
        'Run: python -c "import json, sys; [print(json.dumps(row)) for row in json.load(sys.stdin)]" < {old} > {new}\n'
        "Then name {name} as the table."
    ),
}
"""What makes a table of a file that is none, by its suffix."""


@dataclass(frozen=True)
class Record:
    """One row of a table.

    Args:
        id: From the column ``id``; without one, ``line-`` and its line.
        where: The table and the line it begins on, from 1; in Parquet, which has no lines, its row.
        values: By column; a column may be absent.
    """

    id: str
    where: str
    values: Mapping[str, Any]


def find_table(root: str | None, manifest: str) -> Path:
    """Find the table, below the root if there is one.

    Raises:
        ConfigError: If the root is no folder, or the table is not there or outside.
    """
    folder, name = (Path(manifest).parent, Path(manifest).name) if root is None else (Path(root), manifest)
    if not folder.is_dir():
        raise ConfigError(f"dataset.root must be a folder, got {str(folder)!r}.")
    if Path(name).is_absolute():
        rule = f"dataset.manifest must be relative to dataset.root, got {name!r}"
        raise ConfigError(f"{rule}. Set dataset.root=null to do without a root.")
    try:
        found = Folder(folder, folder).locate(name)
    except ValueError as fault:
        raise ConfigError(f"dataset.manifest {fault}.") from None
    if not found.is_file():
        tables = sorted(path.name for path in (folder / name).parent.glob("*") if path.suffix.lower() in SUFFIXES)
        there = f"There are: {', '.join(tables)}." if tables else "There is no table in that folder."
        raise ConfigError(f"dataset.manifest must be a file in {folder}, got {name!r}. {there}")
    return folder / name


def read_table(path: Path, form: TextFormat | None = None) -> list[Record]:
    """Read every row; a byte-order mark, CRLF and blank lines are understood.

    An empty cell of a CSV or TSV is None; every other cell is a str.

    Args:
        path: Of the table.
        form: How it is written, where that is not UTF-8 with the separator that its suffix names.

    Raises:
        ConfigError: If the kind of file is not known.
        DataError: If a row cannot be read, stands on several lines, a column or an id appears twice, or there is no
            row; it names the line.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        new = path.with_suffix("" if suffix == ".gz" else ".jsonl")
        words = {"old": shlex.quote(str(path)), "new": shlex.quote(str(new)), "name": new.name}
        hint = _CONVERT.get(suffix, "").format(**words)
        raise ConfigError(f"dataset.manifest must end in {', '.join(SUFFIXES)}, got {path.name}.", hint)
    try:
        return _records(_lines(path, suffix, form or TextFormat()), path)
    except DataError as fault:
        if form is None and "dataset.csv" in fault.hint:
            fault.hint = "Save the table as UTF-8 with the separator of its suffix, or as JSONL."
        raise


def _lines(path: Path, suffix: str, form: TextFormat) -> Iterator[Line]:
    if suffix == ".parquet":
        return _parquet(path)
    if suffix == ".jsonl":
        return _json_lines(form.decode(path), path)
    return _separated(form.decode(path), path, form)


def _records(rows: Iterator[Line], path: Path) -> list[Record]:
    records: dict[str, Record] = {}
    for line, values in rows:
        name = "id" if "id" in values else find_column("id", [*values])
        record = Record(_identify(values.get(name or "id"), line, path), f"{path}:{line}", values)
        if (first := records.setdefault(record.id, record)) is not record:
            raise DataError(f"id must be unique, got that of {first.where}.", sample=record.id, path=record.where)
    if not records:
        raise DataError("the manifest must hold at least one row, got none.", path=str(path))
    return list(records.values())


def column_names(records: Sequence[Record]) -> list[str]:
    """Names of all columns in order of appearance."""
    names: dict[str, None] = {}
    for record in records:
        if not record.values.keys() <= names.keys():
            names.update(dict.fromkeys(record.values))
    return [*names]


def find_column(name: str, columns: Sequence[str]) -> str | None:
    """Return the column of a name, else the only one that differs in case or surrounding blanks, else None."""
    if name in columns:
        return name
    near = [column for column in columns if column.strip().casefold() == name.strip().casefold()]
    return near[0] if len(near) == 1 else None


def _identify(value: Any, line: int, path: Path) -> str:
    if absent(value):
        return f"line-{line}"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise DataError(f"id must be a text or a whole number, got {value!r}.", path=f"{path}:{line}")
    return str(value)


def _json_lines(text: str, path: Path) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as fault:
            hint = "Remove the comma at the end of each line." if line.rstrip().endswith("},") else ""
            raise DataError(
                f"a line must be one JSON object, got {fault}.", path=f"{path}:{number}", hint=hint
            ) from None
        if not isinstance(values, dict):
            raise DataError(f"a line must be one JSON object, got {line[:40]!r}.", path=f"{path}:{number}")
        yield number, values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_twice([name for name, _ in pairs])
    return dict(pairs)


def _refuse_twice(names: Sequence[str]) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(f"column {twice[0]!r} twice")


def _separated(text: str, path: Path, form: TextFormat) -> Iterator[Line]:
    former = csv.field_size_limit(len(text) + 1)
    separator = form.separator(DELIMITERS[path.suffix.lower()])
    quoting: Literal[0, 3] = csv.QUOTE_NONE if form.quoting == "none" else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting, strict=True)
    header: list[str] = []
    line = 1
    hint = ""
    try:
        for cells in reader:
            if reader.line_num > line and form.quoting != "multiline":
                hint = _QUOTES
                raise ValueError(f"a quote that opens here and closes in line {reader.line_num}")
            if cells and not header:
                header = [cell.strip() for cell in cells]
                _refuse_twice(header)
                if len(header) == 1 and (hint := propose_delimiter(text, separator)):
                    raise ValueError(f"one column {header[0]!r}")
            elif cells and len(cells) != len(header):
                swallowed = any(separator in cell for cell in cells)
                hint = propose_delimiter(text, separator) or (_QUOTES if swallowed else "")
                raise ValueError(f"{len(cells)} cells below {len(header)} columns")
            elif cells:
                yield line, {name: cell or None for name, cell in zip(header, cells, strict=True)}
            line = reader.line_num + 1
    except (ValueError, csv.Error) as fault:
        hint = hint or (_QUOTES if isinstance(fault, csv.Error) else "")
        raise DataError(
            f"a row must have one cell per column, got {fault}.", path=f"{path}:{line}", hint=hint
        ) from None
    finally:
        csv.field_size_limit(former)


def _parquet(path: Path) -> Iterator[Line]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise ConfigError("dataset.manifest: Parquet needs pyarrow. Run: pip install pyarrow") from None
    try:
        with path.open("rb") as file:
            table = parquet.ParquetFile(file).read()
        _refuse_twice(table.column_names)
    except (ArrowException, ValueError, OSError) as fault:
        raise DataError(f"the file must be whole Parquet, got {fault}.", path=str(path)) from None
    yield from enumerate(table.to_pylist(), 1)
