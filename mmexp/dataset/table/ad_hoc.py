"""Samples from the command line: files, each of a kind by its suffix, and values by modality."""

from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.table.error_policy import ErrorPolicy
from mmexp.dataset.table.reader import SUFFIXES, Record
from mmexp.dataset.table.rows import Fields, Rows
from mmexp.dataset.table.validate import Validator
from mmexp.error import ConfigError, DataError, nearest

_PAIR = re.compile(r"([^\W\d][\w./@]*)=(.*)", re.DOTALL)
_WHERE = "command line"


class Anywhere(Folder):
    """Finds files wherever they lie, as only the user may ask for."""

    def __init__(self) -> None:
        super().__init__(Path("/"), Path.cwd())

    def locate(self, value: Any) -> Path:
        return self.base / str(value)


def pair(word: str) -> tuple[str, str] | None:
    """Split ``key=value``; return None for anything else, and for a file of such a name."""
    found = _PAIR.fullmatch(word)
    return (found[1], found[2]) if found and not os.path.isfile(word) else None


def read_words(
    words: Sequence[str], modalities: Sequence[str], policy: ErrorPolicy, kinds: Kinds, facts: Mapping[str, str]
) -> Rows:
    """Make a sample of each file, then one of all the ``modality=value`` words together.

    Args:
        words: Paths of files, relative to the working directory; ``text=...`` and ``image=path``.
        modalities: Those that can be read.
        policy: What to do with files that do not decode.
        kinds: All that are known.
        facts: Name of the kind of a modality, where that is not its own name; a file is of the only modality of its
            kind.

    Raises:
        ConfigError: If the modality of a word is not among them, is given twice or has no value.
        DataError: If a file is not there, or broken.
    """
    records: list[Record] = []
    typed: dict[str, Any] = {}
    own = {name: kind_of_input(name, kinds, facts) for name in modalities}
    for word in words:
        found = pair(word)
        name = found[0] if found else _one_of(kind_of_file(word, kinds), own, kinds)
        if name not in own:
            rule = f"'{word}' must be of a modality that the model encodes"
            raise ConfigError(f"{_WHERE}: {rule}, got {name}. {nearest(name, modalities)}")
        if not found:
            records.append(Record(word, _WHERE, {name: _read_file(word, own[name])}))
        elif name in typed or not found[1]:
            raise ConfigError(f"{_WHERE}: {name} must be given once, with a value, got '{word}'.")
        else:
            typed[name] = _read_word(name, found[1], own[name])
    if typed:
        records.append(Record("typed", _WHERE, typed))
    folder, columns = Anywhere(), {name: name for name in modalities}
    validator = Validator(inputs=columns, targets={}, fields=Fields(own), folder=folder, policy=policy)
    return Rows(validator.rows(records), folder)


def kind_of_file(path: str, kinds: Kinds) -> str:
    """Return the name of the kind of a file by its suffix.

    Raises:
        DataError: If it is not there.
        ConfigError: If no kind has the suffix.
    """
    refuse_absent(path)
    name = kinds.of_file(path)
    if not name:
        hint = f"Give it as {shlex.quote(f'image={path}')} or the like, which names its modality."
        raise ConfigError(f"{_WHERE}: file must end in {', '.join([*SUFFIXES, *kinds.suffixes])}, got '{path}'.", hint)
    return name


def kind_of_input(name: str, kinds: Kinds, facts: Mapping[str, str]) -> Kind:
    """Return the kind of a modality: by its name, else by the facts of the run.

    Raises:
        ConfigError: If it is not known.
    """
    if (kind := kinds.of_input(name) or kinds.get(facts.get(name, name))) is None:
        rule = f"kind of {name} must be one that is known, got {facts.get(name, name)}"
        raise ConfigError(f"{_WHERE}: {rule}. {nearest(facts.get(name, name), list(kinds))}")
    return kind


def _one_of(name: str, own: Mapping[str, Kind], kinds: Kinds) -> str:
    """Return the only modality of a kind; else the name of the kind itself."""
    fitting = [modality for modality, kind in own.items() if kinds.name(kind) == name]
    return fitting[0] if len(fitting) == 1 else name


def refuse_absent(path: str) -> None:
    """Make sure that a typed word is a file.

    Raises:
        DataError: If it is not there.
    """
    if not os.path.isfile(path):
        hint = "Give the path of a file, or text='...' for a text."
        raise DataError("file must be there, got none.", path=path, hint=hint)


def _read_word(name: str, word: str, kind: Kind) -> Any:
    try:
        return kind.from_word(word)
    except ValueError as fault:
        raise ConfigError(f"{_WHERE}: {name} {fault}.") from None


def _read_file(path: str, kind: Kind) -> Any:
    try:
        return kind.from_file(path)
    except ValueError as fault:
        raise DataError(f"file {fault}.", path=path) from fault
