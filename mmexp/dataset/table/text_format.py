"""How a table of text is written: its encoding, its separators, its quotes and its decimal sign."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from mmexp.dataset.column import as_mapping
from mmexp.dataset.kind.number import Decimal
from mmexp.error import ConfigError, DataError, nearest

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "blank": " "}
QUOTINGS = ("minimal", "multiline", "none")
_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_PROBED = 50
"""Lines that a separator is looked for in."""


@dataclass(frozen=True)
class TextFormat:
    """How a CSV or TSV is written; of a JSONL the encoding counts.

    Args:
        delimiter: Between cells: comma, semicolon, tab, pipe, blank or the character; that of the suffix if None.
        encoding: Any that Python knows; UTF-8, with or without a mark at the start, by default.
        decimal: Of columns of numbers: ``comma`` reads 1,5 and 1.234,5 as 1.5 and 1234.5; None reads it from each.
        quoting: ``minimal``: a cell in quotes ends on its line; ``multiline``: it may go on over several;
            ``none``: a quote is a character like any other.
        lists: Between the values of one cell of a target of several, such as pipe for a|b|c; null for none.

    Raises:
        ConfigError: If one is unknown.
    """

    delimiter: str | None = None
    encoding: str = "utf-8-sig"
    decimal: Decimal | None = None
    quoting: str = "minimal"
    lists: str | None = None

    def __post_init__(self) -> None:
        for key in ("delimiter", "lists"):
            value = getattr(self, key)
            if value is not None and (not isinstance(value, str) or len(_character(value)) != 1 or value in '"\r\n'):
                rule = f"must be one character or one of {', '.join(SEPARATORS)}"
                raise ConfigError(f"dataset.csv.{key} {rule}, got {value!r}.")
        for key, known in (("decimal", get_args(Decimal)), ("quoting", QUOTINGS)):
            value = getattr(self, key)
            if value not in known and (key != "decimal" or value is not None):
                hint = nearest(str(value), known)
                raise ConfigError(f"dataset.csv.{key} must be one of {', '.join(known)}, got {value!r}. {hint}")
        try:
            codecs.lookup(self.encoding)
        except (LookupError, TypeError):
            raise ConfigError(f"dataset.csv.encoding must be one that Python knows, got {self.encoding!r}.") from None

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> TextFormat:
        """Make one of a mapping from a config.

        Raises:
            ConfigError: If it is no mapping, or has an unknown name.
        """
        return cls(**(as_mapping("dataset.csv", given, [field.name for field in fields(cls)]) or {}))

    def separator(self, standard: str) -> str:
        """Return the character between cells."""
        return _character(self.delimiter) if self.delimiter else standard

    def values(self, cell: Any) -> Any:
        """Return the values of one cell as a list where ``lists`` parts them; a list as it is."""
        if self.lists is None or not isinstance(cell, str) or cell.lstrip().startswith("["):
            return cell
        return [value.strip() for value in cell.split(_character(self.lists)) if value.strip()]

    def decode(self, path: Path) -> str:
        """Read a whole file.

        Raises:
            DataError: If it is in another encoding; it names the line and the encoding that fits.
        """
        content = path.read_bytes()
        end = content.find(b"\n")
        start = content if end < 0 else content[: end + 1]
        try:
            text = content.decode(self.encoding)
        except UnicodeError as fault:
            place = fault.start if isinstance(fault, UnicodeDecodeError) else 0
            found = f"byte 0x{content[place]:02x}" if place < len(content) else "a character that is cut off"
        else:
            if "\0" not in text[: len(start)]:
                return text
            place, found = start.find(b"\0"), "byte 0x00"
        line = content[:place].count(b"\n") + 1
        name = "UTF-8" if self.encoding.startswith("utf-8") else self.encoding
        raise DataError(f"text must be {name}, got {found}.", path=f"{path}:{line}", hint=_propose(content, line))


def propose_delimiter(text: str, separator: str) -> str:
    """Return what to set where another separator parts the first lines into the same number of cells, two or more."""
    shown = [line for line in text.split("\n", _PROBED)[:_PROBED] if line.strip()]
    for name, other in SEPARATORS.items():
        if other in (separator, " ") or not shown:
            continue
        try:
            found = {len(row) for row in csv.reader(shown, delimiter=other)}
        except csv.Error:
            continue
        if len(found) == 1 and (parts := found.pop()) > 1:
            return f"Set dataset.csv.delimiter={name}, which parts the first lines into {parts} cells each."
    return ""


def _character(value: str) -> str:
    return SEPARATORS.get(value, value)


def _propose(content: bytes, line: int) -> str:
    """Say which encoding reads the bytes, and what the line then says, for the reader to judge."""
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "")
    if not encoding and b"\0" in content[:400]:
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    for guess in [encoding] if encoding else ["cp1252", "latin-1"]:
        try:
            lines = content.decode(guess).split("\n")
        except UnicodeError:
            continue
        if guess == "cp1252" and not any(0x80 <= byte < 0xA0 for byte in content):
            guess = "latin-1"
        said = lines[min(line, len(lines)) - 1].strip()[:60]
        return f"Set dataset.csv.encoding={guess} if this is right: {said!r}."
    return "Set dataset.csv.encoding to the one that the table was written in."
