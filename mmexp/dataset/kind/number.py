"""Numbers as tables write them: missing marks, thousands and decimal commas."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from typing import Any, Literal

from mmexp.dataset.kind.cell import absent

Decimal = Literal["point", "comma"]
MISSING = ("NA", "N/A", "null", "nan", "None", "?", "-")
"""Marks that a column of numbers may have instead of a number, in any case; an empty cell is another."""

_POINT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:(?<=\d)\.|\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)?(?:,\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_RESEMBLES = re.compile(r"[^\w\s]{0,2}\s?\d[\d\s.,:_/'\u2019T+-]*(?:[^\w\s]{0,2}[^\W\d_]{1,3}|[^\w\s]{1,3})?")
_GROUPED = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))")


def is_missing(cell: Any, marks: Collection[str] = MISSING) -> bool:
    """Return whether a cell is empty, NaN, or a mark for a missing number."""
    if absent(cell) or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and cell.strip().casefold() in {"", "nan", *(mark.casefold() for mark in marks)}


def is_number(cell: Any) -> bool:
    """Return whether a cell is a finite number, or the text of one, as every cell of a CSV is."""
    return read_number(cell) is not None


def resembles_number(cell: Any) -> bool:
    """Return whether a text is a number but for a sign or unit: ``3%``, ``$5``, ``12 kg``, ``1_000``, ``2021-3-1``."""
    return isinstance(cell, str) and not is_number(cell) and _RESEMBLES.fullmatch(cell.strip()) is not None


def read_number(cell: Any, decimal: Decimal = "point") -> float | None:
    """Return a finite number or the text of one; None for anything else, such as ``1_000``, ``3%`` or ``inf``.

    Thousands may be in groups: ``1,200.5``, ``1 200``; with a decimal comma ``1.200,5``.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if isinstance(cell, str):
        text = _GROUPED.sub("", cell.strip().replace("\u2212", "-"))
        form = _POINT if decimal == "point" else _COMMA
        if not form.fullmatch(text) or not re.search(r"\d", text):
            return None
        cell = text.replace(",", "") if decimal == "point" else text.replace(".", "").replace(",", ".")
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def decimal_of(cells: Iterable[Any]) -> Decimal | None:
    """Return what the commas in a column of numbers mean, None if they may be either.

    A comma that is not followed by three digits is a decimal comma; one that comes twice or before a point parts
    thousands. ``1,200`` alone may be 1200 or 1.2.
    """
    texts = {cell.strip() for cell in cells if isinstance(cell, str)}
    with_comma = [text for text in texts if "," in text]
    read = {way: [t for t in texts if read_number(t, way) is not None] for way in ("point", "comma")}
    commas = {way: sum("," in text for text in found) for way, found in read.items()}
    if not with_comma or commas == {"point": 0, "comma": 0}:
        return "point"
    if commas["point"] != commas["comma"]:
        return "point" if commas["point"] > commas["comma"] else "comma"
    if len(read["point"]) != len(read["comma"]):
        return "point" if len(read["point"]) > len(read["comma"]) else "comma"
    return None


def span(numbers: Iterable[float | None], decimal: Decimal = "point") -> str:
    """Return the range of some numbers, and how their decimals are written if by a comma; empty if there are none."""
    known = [number for number in numbers if number is not None]
    comma = " (decimal comma)" if decimal == "comma" else ""
    return f"{min(known):.6g} to {max(known):.6g}{comma}" if known else ""
