"""Reads a table, JSONL, CSV, TSV or Parquet, as records that know where they stand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.folder import Folder
from mmexp.error import ConfigError, DataError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (".jsonl", *DELIMITERS, ".parquet")
Line = tuple[int, dict[str, Any]]


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
        tables = sorted(path.name for path in (folder / name).parent.glob("*") if path.suffix in SUFFIXES)
        there = f"There are: {', '.join(tables)}." if tables else "There is no table in that folder."
        raise ConfigError(f"dataset.manifest must be a file in {folder}, got {name!r}. {there}")
    return folder / name


def read_table(path: Path) -> list[Record]:
    """Read every row; a byte-order mark, CRLF, blank lines and quoted newlines are understood.

    An empty cell of a CSV or TSV is None; every other cell is a str.

    Raises:
        ConfigError: If the kind of file is not known.
        DataError: If a row cannot be read, a column or an id appears twice, or there is no row; it names the line.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(f"dataset.manifest must end in {', '.join(SUFFIXES)}, got {path.name}.")
    if path.suffix == ".parquet":
        rows = _parquet(path)
    elif path.suffix == ".jsonl":
        rows = _json_lines(_decode(path), path)
    else:
        rows = _separated(_decode(path), path)
    records: dict[str, Record] = {}
    for line, values in rows:
        record = Record(_identify(values.get("id"), line, path), f"{path}:{line}", values)
        if (first := records.setdefault(record.id, record)) is not record:
            raise DataError(f"id must be unique, got that of {first.where}.", sample=record.id, path=record.where)
    if not records:
        raise DataError("the manifest must hold at least one row, got none.", path=str(path))
    return list(records.values())


def column_names(records: Sequence[Record]) -> list[str]:
    """Names of all columns in order of appearance."""
    return list(dict.fromkeys(name for record in records for name in record.values))


def _identify(value: Any, line: int, path: Path) -> str:
    if absent(value):
        return f"line-{line}"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise DataError(f"id must be a text or a whole number, got {value!r}.", path=f"{path}:{line}")
    return str(value)


def _decode(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        byte = content[fault.start]
        raise DataError(f"text must be UTF-8, got byte 0x{byte:02x}.", path=f"{path}:{line}") from None


def _json_lines(text: str, path: Path) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as fault:
            raise DataError(f"a line must be one JSON object, got {fault}.", path=f"{path}:{number}") from None
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


def _separated(text: str, path: Path) -> Iterator[Line]:
    former = csv.field_size_limit(len(text) + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[path.suffix], strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if cells and not header:
                header = [cell.strip() for cell in cells]
                _refuse_twice(header)
            elif cells and len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells below {len(header)} columns")
            elif cells:
                yield line, {name: cell or None for name, cell in zip(header, cells, strict=True)}
            line = reader.line_num + 1
    except (ValueError, csv.Error) as fault:
        raise DataError(f"a row must have one cell per column, got {fault}.", path=f"{path}:{line}") from None
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
