"""Samples that are typed: files, which their suffix tells apart, and values by modality."""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmexp.dataset.kind.media import MEDIA, Folder
from mmexp.dataset.kind.tabular import read_typed_row
from mmexp.dataset.table.error_policy import ErrorPolicy
from mmexp.dataset.table.reader import SUFFIXES, Record
from mmexp.dataset.table.rows import Rows
from mmexp.dataset.table.validate import Validator
from mmexp.error import ConfigError, DataError, nearest

MODALITIES: Mapping[str, str] = {
    **MEDIA,
    ".txt": "text",
}
_PAIR = re.compile(r"([^\W\d][\w./@]*)=(.*)", re.DOTALL)
_WHERE = "command line"


class Anywhere(Folder):
    """Finds files wherever they lie, as only the user may ask for."""

    def __init__(self) -> None:
        super().__init__(Path("/"), Path.cwd())

    def locate(self, value: Any) -> Path:
        return self.base / str(value)


def pair(word: str) -> tuple[str, str] | None:
    """Split ``key=value``; None for anything else, and for a file of such a name."""
    found = _PAIR.fullmatch(word)
    return (found[1], found[2]) if found and not os.path.isfile(word) else None


def read_typed(
    words: Sequence[str], modalities: Sequence[str], tolerance: ErrorPolicy, kinds: Mapping[str, str] | None = None
) -> Rows:
    """Make a sample of each file, then one of all the ``modality=value`` words together.

    Args:
        words: Paths of files, relative to the working directory; ``text=...`` and ``image=path``.
        modalities: Those that can be read.
        tolerance: Of pictures and sound that do not decode.
        kinds: What a modality holds, where that is not its name; a file is of the only modality of its kind.

    Raises:
        ConfigError: If the modality of a word is not among them, is given twice or has no value.
        DataError: If a file is not there, or broken.
    """
    records: list[Record] = []
    typed: dict[str, Any] = {}
    kinds = {name: (kinds or {}).get(name, name) for name in modalities}
    for word in words:
        found = pair(word)
        name = found[0] if found else _one_of(modality_of(word), kinds)
        if name not in modalities:
            rule = f"'{word}' must be of a modality that the model encodes"
            raise ConfigError(f"{_WHERE}: {rule}, got {name}. {nearest(name, modalities)}")
        if not found:
            records.append(Record(word, _WHERE, {name: _text(word) if kinds[name] == "text" else word}))
        elif name in typed or not found[1]:
            raise ConfigError(f"{_WHERE}: {name} must be given once, with a value, got '{word}'.")
        else:
            typed[name] = _row(found[1]) if kinds[name] == "tabular" else found[1]
    if typed:
        records.append(Record("typed", _WHERE, typed))
    folder = Anywhere()
    screen = Validator(
        inputs={name: name for name in modalities}, targets={}, folder=folder, tolerance=tolerance, kinds=kinds
    )
    return Rows(screen.rows(records), folder)


def modality_of(path: str) -> str:
    """Tell what a file holds by its suffix.

    Raises:
        DataError: If it is not there.
        ConfigError: If the suffix says nothing.
    """
    refuse_absent(path)
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in MODALITIES:
        hint = f"Type image={path} or the like to say what it is."
        raise ConfigError(f"{_WHERE}: file must end in {', '.join([*SUFFIXES, *MODALITIES])}, got '{path}'.", hint)
    return MODALITIES[suffix]


def _one_of(kind: str, kinds: Mapping[str, str]) -> str:
    """The only modality of a kind; else the kind itself."""
    fitting = [name for name, own in kinds.items() if own == kind]
    return fitting[0] if len(fitting) == 1 else kind


def refuse_absent(path: str) -> None:
    """Make sure that a typed word is a file.

    Raises:
        DataError: If it is not there.
    """
    if not os.path.isfile(path):
        hint = "Type the path of a file, or text='...' for a text."
        raise DataError("file must be there, got none.", path=path, hint=hint)


def _row(typed: str) -> Any:
    try:
        return read_typed_row(typed)
    except ValueError as fault:
        raise ConfigError(f"{_WHERE}: tabular {fault}.") from None


def _text(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise DataError(f"file must be readable as UTF-8, got {fault}.", path=path) from fault
    if not text:
        raise DataError("file must hold a text, got none.", path=path)
    return text
