"""What things are like, in numbers: pictures as thumbnails, texts as the words they have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from mmexp.dataset.kind.base import kind_of
from mmexp.dataset.kind.media import Folder, read_image
from mmexp.dataset.kind.vector import parse, read_vector
from mmexp.dataset.table.reader import Record, absent
from mmexp.error import ConfigError, DataError

SIDE = 8
"""Height and width of a thumbnail, in pixels."""
SHARED, WORDS = 3, 256
"""Things that must have a word for it to count, and words that count at most, the commonest ones."""


def read_content(column: str, records: Mapping[str, Record], folder: Folder) -> dict[str, np.ndarray]:
    """Turn a column into vectors of about unit scale per number; a thing whose cell is empty has none.

    A path of a picture becomes a thumbnail, whose pixels are standardised over all things, and so do numbers. A text
    becomes the words it has, a list of texts the entries it has, all vectors of one length: so long that a number is 1
    on root mean square.

    Args:
        column: Its name.
        records: A row of the table for each thing.
        folder: Where pictures are.

    Returns:
        By thing, float32 [F].

    Raises:
        ConfigError: If the column holds something else, such as sound.
        DataError: If a cell cannot be read, or all are empty; it names the line.
    """
    filled = {thing: record for thing, record in records.items() if not absent(record.values.get(column))}
    if not filled:
        raise DataError(f"column {column!r} must have a value in some row, got none.")
    kind = kind_of(next(iter(filled.values())).values[column])
    if kind not in READERS:
        rule = f"must hold pictures, texts or numbers, got {kind}"
        raise ConfigError(f"dataset.content: column {column!r} {rule}.")
    found: dict[str, Any] = {}
    for thing, record in filled.items():
        try:
            found[thing] = READERS[kind](record.values[column], folder)
        except ValueError as fault:
            raise DataError(f"{column} {fault}.", path=record.where) from None
    return weigh_words(found) if kind == "text" else standardise(found, column)


def weigh_words(told: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """A number for each word that counts: 0, or if a thing has it, the same for all that it has. -> float32 [F]"""
    common = Counter(word for words in told.values() for word in {*words}).most_common(WORDS)
    places = {word: place for place, word in enumerate(sorted(w for w, n in common if n >= min(SHARED, len(told))))}
    found = {}
    for thing, words in told.items():
        known = sorted({places[word] for word in words if word in places})
        row = np.zeros(max(1, len(places)), np.float32)
        row[known] = (len(row) / max(1, len(known))) ** 0.5
        found[thing] = row
    return found


def standardise(rows: Mapping[str, np.ndarray], column: str) -> dict[str, np.ndarray]:
    """Take the mean over all things from each number and divide by its standard deviation.

    Raises:
        DataError: If the rows differ in width.
    """
    if len(widths := {row.shape for row in rows.values()}) > 1:
        raise DataError(f"column {column!r} must hold vectors of one width, got {sorted(map(list, widths))}.")
    table = np.stack(list(rows.values())).astype(np.float64)
    std = table.std(0)
    table = (table - table.mean(0)) / np.where(std > 0, std, 1)
    return {thing: row.astype(np.float32) for thing, row in zip(rows, table, strict=True)}


def _thumbnail(value: Any, folder: Folder) -> np.ndarray:
    try:
        picture = Image.fromarray(read_image(folder.locate(value)))
    except ValueError as fault:
        raise ValueError(f"{value!r} {fault}") from None
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32).ravel()


def _words(value: Any, folder: Folder) -> list[str]:
    given = parse(value)
    if isinstance(given, list):
        return [str(entry) for entry in given]
    return re.findall(r"\w+", str(given).lower())


def _numbers(value: Any, folder: Folder) -> np.ndarray:
    numbers = read_vector(value)
    if numbers.ndim > 1:
        raise ValueError(f"must be one list of numbers, got {len(numbers)} of them")
    return numbers


READERS: Mapping[str, Callable[[Any, Folder], Any]] = {"image": _thumbnail, "text": _words, "vector": _numbers}
"""What reads a cell, by the kind of what the column holds."""
