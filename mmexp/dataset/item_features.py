"""What items are like, in numbers: images as thumbnails, texts as the words they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.table.reader import Record
from mmexp.error import ConfigError, DataError

SHARED, WORDS = 3, 256
"""Items that must have a word for it to count, and words that count at most, the most frequent ones."""


def read_features(column: str, records: Mapping[str, Record], folder: Folder, kinds: Kinds) -> dict[str, np.ndarray]:
    """Turn a column into vectors of about unit scale per number; an item whose cell is empty has none.

    A path of an image becomes a thumbnail, whose pixels are standardised over all items, and so do numbers. A text
    becomes the words it has, a list of texts the entries it has, all vectors of one length: so long that a number is 1
    on root mean square.

    Args:
        column: Its name.
        records: A row of the table for each item.
        folder: Where images are.
        kinds: All that are known.

    Returns:
        By item, float32 [F].

    Raises:
        ConfigError: If the column holds something else, such as audio.
        DataError: If a cell cannot be read, or all are empty; it names the line.
    """
    filled = {item: record for item, record in records.items() if not absent(record.values.get(column))}
    if not filled:
        raise DataError(f"column {column!r} must have a value in some row, got none.")
    kind = kinds.of_cell(next(iter(filled.values())).values[column])
    found: dict[str, Any] = {}
    for item, record in filled.items():
        try:
            found[item] = kind.features(record.values[column], folder)
        except ValueError as fault:
            raise DataError(f"{column} {fault}.", path=record.where) from None
        if found[item] is None:
            rule = f"must hold images, texts or numbers, got {kinds.name(kind)}"
            raise ConfigError(f"dataset.content: column {column!r} {rule}.")
    return weigh_words(found) if isinstance(next(iter(found.values())), list) else standardise(found, column)


def weigh_words(words_of: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """Return a number for each word that counts: 0, or the same for all words of an item. -> float32 [F]"""
    common = Counter(word for words in words_of.values() for word in {*words}).most_common(WORDS)
    least = min(SHARED, len(words_of))
    positions = {word: position for position, word in enumerate(sorted(w for w, n in common if n >= least))}
    found = {}
    for item, words in words_of.items():
        known = sorted({positions[word] for word in words if word in positions})
        row = np.zeros(max(1, len(positions)), np.float32)
        row[known] = (len(row) / max(1, len(known))) ** 0.5
        found[item] = row
    return found


def standardise(rows: Mapping[str, np.ndarray], column: str) -> dict[str, np.ndarray]:
    """Subtract the mean over all items from each number and divide by its standard deviation.

    Raises:
        DataError: If the rows differ in width.
    """
    if len(widths := {row.shape for row in rows.values()}) > 1:
        raise DataError(f"column {column!r} must hold vectors of one width, got {sorted(map(list, widths))}.")
    table = np.stack(list(rows.values())).astype(np.float64)
    std = table.std(0)
    table = (table - table.mean(0)) / np.where(std > 0, std, 1)
    return {item: row.astype(np.float32) for item, row in zip(rows, table, strict=True)}
