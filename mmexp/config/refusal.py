"""Say what OmegaConf refuses as a message of ours, with rule, value and the nearest valid name."""

from __future__ import annotations

import re
from dataclasses import fields

from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from mmexp.config.schema import ROOT, SECTIONS
from mmexp.config.synonym import suggest_key
from mmexp.error import nearest

_TYPES = {"Integer": "int", "Float": "float", "Boolean": "true or false"}


def refusal(key: str, error: OmegaConfBaseException, known: list[str] | None = None) -> str:
    """Say what is wrong with a value, as the rest of a line that starts with its place.

    Args:
        key: Dotted path of the value.
        error: What OmegaConf raised.
        known: Dotted paths that an interpolation could name.
    """
    text = str(error.msg or error).splitlines()[0]
    if isinstance(error, (ConfigKeyError, ConfigAttributeError)):
        return unknown_key(error.full_key or key)
    if found := re.match(r"Interpolation key '(.*)' not found", text):
        return f"{key} must refer to a key that exists, got '{found[1]}'. {nearest(found[1], known or ROOT)}"
    if found := re.match(r"Unsupported interpolation type (.*)", text):
        return f"{key} must use a resolver that exists, got '{found[1]}'. {nearest(found[1], ['facts', 'oc.env'])}"
    if found := re.match(r"Value '(.*)' of type '.*' could not be converted to (\w+)", text):
        whole = re.fullmatch(r"(-?\d+)\.0", found[1]) if found[2] == "Integer" else None
        hint = f" Set {key}={whole[1]}." if whole else ""
        return f"{key} must be {_TYPES.get(found[2], found[2])}, got '{found[1]}'.{hint}"
    if found := re.match(r"ConfigError raised while resolving interpolation: (.*)", text):
        return f"{key} must {found[1]}"
    if "Incompatible value 'None'" in text or "is not Optional" in text:
        return f"{key} must have a value, got null."
    if "ecursive interpolation" in text or "parent node detected" in text:
        return f"{key} must not refer to itself, got a cycle."
    if "is not a ListConfig" in text:
        return f"{key} must be a list, such as [a,b]."
    return f"{key} must be a value that fits its place, got: {text.rstrip('.')}."


def unknown_key(key: str, value: str = "", below: str = "") -> str:
    """Say that a root key, or a key of a section such as the tokenizer, does not exist, and which one is meant.

    Args:
        key: Dotted path.
        value: As typed, if it was.
        below: What was typed after the key, such as ``max_epochs`` of ``trainer.max_epochs``.
    """
    parent, _, name = key.rpartition(".")
    known = [one.name for one in fields(SECTIONS[parent])] if parent in SECTIONS else list(ROOT)
    hint = suggest_key(below or key, value) or suggest_key(key) or nearest(name, known)
    return f"{key} must be a key of {parent or 'the root'}, got '{name}'. {hint}"
