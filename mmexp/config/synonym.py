"""Other words of the field for what can be chosen and set: each option's file and each key's field declare their own.

An option says ``# Also: early, concatenation`` in its first lines, a key of it ``lr: 0.001  # also: learning_rate``; a
field of the schema has ``also`` in its metadata. Looked up only once something was not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields

import yaml

from mmexp.config.provenance import groups, option_path, options
from mmexp.config.schema import GROUPS, ROLES, SECTIONS, root_of
from mmexp.config.signature import read_signature
from mmexp.config.static import find_class
from mmexp.error import nearest

_ALSO = re.compile(r"^# Also: (.+?)\.?$", re.MULTILINE)
_TARGET = re.compile(r"^_target_: ([\w.]+)$", re.MULTILINE)


def suggest_option(group: str, word: str) -> str:
    """Say which option of a group, or of the groups below it, a word means; else the nearest one, or all.

    Args:
        group: Such as ``fusion``, or ``encoder``, whose options lie in ``encoder/image`` and others.
        word: What was given for an option.
    """
    inner = [name for name in groups() if name.startswith(f"{group}/")]
    meant = [f"{name}={option}" for name in (group, *inner) for option in options(name) if _means(name, option, word)]
    if meant:
        return f"Set {' or '.join(meant)}."
    return nearest(word, options(group)) if options(group) else f"Choose in one of: {', '.join(inner)}."


def suggest_key(key: str, value: str = "") -> str:
    """Say which key the last part of an unknown one means, with the value that was given; empty if none.

    Args:
        key: Dotted path.
        value: As typed; empty if it stands in a file.
    """
    given = f"={value}" if value else ""
    meant = keys_called(key.rpartition(".")[2])
    return f"Set {' or '.join(f'{one}{given}' for one in meant)}." if meant else ""


def suggest_argument(key: str, known: Sequence[str]) -> str:
    """Say which of the arguments of a component an unknown key means; else the nearest one, or all."""
    root, _, name = key.rpartition(".")
    meant = [one for one in keys_called(name) if one.rpartition(".")[0] == root and one.rpartition(".")[2] in known]
    return f"Set {meant[0]}." if meant else nearest(name, known) if known else "It takes none."


def keys_called(word: str) -> list[str]:
    """Return the keys that are called so: of the root, of a section, of the options that are chosen by default."""
    return list(dict.fromkeys(_keys(_plain(word))))


def _keys(word: str) -> Iterator[str]:
    yield from (name for name, role in ROLES.items() if word in role.also)
    for section, kind in SECTIONS.items():
        for one in fields(kind):
            if word == one.name or word in one.metadata.get("also", ()):
                yield f"{section}.{one.name}"
    for group, option in _defaults():
        text = option_path(f"{group}/{option}").read_text(encoding="utf-8")
        target = _TARGET.search(text)
        source = find_class(target[1]) if target else None
        arguments = list(read_signature(source).arguments) if source else []
        also = re.findall(r"^(\w+):.*# also: (.+)$", text, re.MULTILINE)
        names = [name for name in arguments if name == word] + [name for name, words in also if word in _words(words)]
        yield from (f"{group.replace('/', '.')}.{name}" for name in names)


def _defaults() -> Iterator[tuple[str, str]]:
    """Group and option of the parts of a run that are chosen unless others are."""
    listed = yaml.safe_load(option_path("config").read_text(encoding="utf-8")).get("defaults", [])
    for group, option in (pair for one in listed if isinstance(one, dict) for pair in one.items()):
        if isinstance(option, str) and root_of(group) in GROUPS and option_path(f"{group}/{option}").is_file():
            yield group, option


def _means(group: str, option: str, word: str) -> bool:
    if group.count("/") and option == word:
        return True
    opening = option_path(f"{group}/{option}").read_text(encoding="utf-8", errors="replace")
    return any(_plain(word) in _words(found) for found in _ALSO.findall(opening))


def _words(text: str) -> list[str]:
    return [_plain(word.strip()) for word in text.split(",")]


def _plain(word: str) -> str:
    """A word as it is compared: ``Cross-Attention`` is ``cross_attention``."""
    return word.lower().replace("-", "_").replace(" ", "_")
