"""Other words of the field for what can be chosen and set: each option's file and each key's field declare their own.

An option says ``# Also: early, concatenation`` in its first lines, or ``# Also: vilt with fusion.depth=6`` where a
word means more than it; a key of it ``lr: 0.001  # also: learning_rate``; a field of the schema has ``also`` in its
metadata. Looked up only once something was not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from shlex import quote
from typing import Any

import yaml

from mmexp.config.provenance import groups, option_path, options
from mmexp.config.schema import GROUPS, ROLES, SECTIONS, root_of
from mmexp.config.signature import read_signature
from mmexp.config.static import find_class
from mmexp.error import nearest
from mmexp.run.command import typed

_ALSO = re.compile(r"^# Also: (.+?)\.?$", re.MULTILINE)
_KEY = re.compile(r"^(?:# )?(\w+):.*# also: (.+)$", re.MULTILINE)
_UNSAFE = re.compile(r"[\s\"'$&|;<>()`\\]")  # what a shell takes for something else
_FEW = 2  # keys that are suggested
_TARGET = re.compile(r"^_target_: ([\w.]+)$", re.MULTILINE)


def suggest_option(group: str, word: str, package: str = "") -> str:
    """Say which option of a group, or of the groups below it, a word means; else the nearest one, or all.

    Args:
        group: Such as ``fusion``, or ``encoder``, whose options lie in ``encoder/image`` and others.
        word: What was given for an option.
        package: Where the option is put, such as ``fusion.pool``; at the place of its group if empty.
    """
    at = f"@{package}" if package else ""
    inner = [name for name in groups() if name.startswith(f"{group}/")]
    pairs = [(name, option) for name in (group, *inner) for option in options(name)]
    meant = [f"{name}{at}={one}" for name, option in pairs if (one := _meaning(name, option, word))]
    if meant:
        return f"Set {' or '.join(meant)}."
    return nearest(word, options(group)) if options(group) else f"Choose in one of: {', '.join(inner)}."


def suggest_key(key: str, value: str = "") -> str:
    """Say which key the last part of an unknown one means, with the value that was given; empty if none.

    Args:
        key: Dotted path.
        value: As typed; empty if it stands in a file.
    """
    given = f"={value}" if value not in ("", "true", "false") else ""
    name = key.rpartition(".")[2]
    meant = keys_called(name) or [f"{choice} {place}" for choice, place in _elsewhere(_plain(name))][:_FEW]
    if meant and value and meant[0] in GROUPS and value not in options(meant[0]):
        return suggest_option(meant[0], value)
    return f"Set {' or '.join(f'{one}{given}' for one in meant)}." if meant else ""


def suggest_argument(key: str, known: Sequence[str], value: Any) -> str:
    """Say which of the arguments of a component an unknown key means, or which other option takes it.

    Args:
        key: Dotted path.
        known: Arguments of the component.
        value: As it stands in the config.
    """
    root, _, name = key.rpartition(".")
    meant = [one for one in keys_called(name) if one.rpartition(".")[0] == root and one.rpartition(".")[2] in known]
    group = root.replace(".", "/")
    takers = {option: places for option in options(group) if (places := _places(group, option, name))}
    meant += [f"{root}.{place}" for places in takers.values() for place in places if place.partition(".")[0] in known]
    if meant:
        given = f"{meant[0]}={typed(value)}"
        return f"Set {quote(given) if _UNSAFE.search(given) else given}."
    hint = nearest(name, known) if known else "It takes none."
    if hint.startswith("Did you mean"):
        return hint
    if takers:
        return f"{' or '.join(f'{group}={option}' for option in takers)} takes it."
    other = [one for one in keys_called(name) if one.rpartition(".")[0] in SECTIONS]
    return f"Set {other[0]}." if other else hint


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
        found = _arguments(group, option)
        yield from (f"{group.replace('/', '.')}.{name}" for name, also in found.items() if word in (name, *also))


def _elsewhere(word: str) -> Iterator[tuple[str, str]]:
    """Yield the choice and the key of each option that writes a key of that name, or says that it is another word."""
    for group in groups():
        for option in options(group) if group in GROUPS else ():
            text = option_path(f"{group}/{option}").read_text(encoding="utf-8")
            also = {name: _words(words) for name, words in _KEY.findall(text)}
            for name in re.findall(r"^([a-z]\w*):", text, re.MULTILINE):
                if word in (name, *also.get(name, [])):
                    yield f"{group}={option}", f"{group}.{name}"


def _places(group: str, option: str, name: str) -> list[str]:
    """Return the arguments of an option that a name is, or the keys below them that it stands for."""
    found = _arguments(group, option)
    return [one if one == name else f"{one}.{name}" for one, also in found.items() if one == name or f".{name}" in also]


def _arguments(group: str, option: str) -> dict[str, list[str]]:
    """Return the arguments of an option, each with its other words; one that begins with a dot is a key below it."""
    text = option_path(f"{group}/{option}").read_text(encoding="utf-8")
    target = _TARGET.search(text)
    source = find_class(target[1]) if target else None
    also = {name: _words(words) for name, words in _KEY.findall(text)}
    return {name: also.get(name, []) for name in read_signature(source).arguments} if source else also


def _defaults() -> Iterator[tuple[str, str]]:
    """Group and option of the parts of a run that are chosen unless others are."""
    listed = yaml.safe_load(option_path("config").read_text(encoding="utf-8")).get("defaults", [])
    for group, option in (pair for one in listed if isinstance(one, dict) for pair in one.items()):
        if isinstance(option, str) and root_of(group) in GROUPS and option_path(f"{group}/{option}").is_file():
            yield group, option


def _meaning(group: str, option: str, word: str) -> str:
    """Return an option, and what else is to be set, if a word is it or another for it, or begins so; else nothing."""
    opening = option_path(f"{group}/{option}").read_text(encoding="utf-8", errors="replace")
    said = [one.strip() for found in _ALSO.findall(opening) for one in found.split(",")]
    for known, _, more in (one.partition(" with ") for one in (option, *said)):
        if _begins(_plain(word), _plain(known)):
            return f"{option} {more}".strip()
    return ""


def _begins(word: str, with_: str) -> bool:
    """Whether a word is another, or that with a size or a version behind it, such as ``resnet50`` and ``bert_base``."""
    if word.replace("_", "") == with_.replace("_", ""):
        return True
    return len(with_) > 2 and word.startswith(with_) and not word[len(with_)].isalpha()


def _words(text: str) -> list[str]:
    return [_plain(word.strip()) for word in text.split(",")]


def _plain(word: str) -> str:
    """A word as it is compared: ``Cross-Attention`` is ``cross_attention``."""
    return word.lower().replace("-", "_").replace(" ", "_")
