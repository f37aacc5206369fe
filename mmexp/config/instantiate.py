"""Turn a component's config into the component. Every ``_target_`` goes through ``instantiate``, and only there.

A slot knows the base class that its component must have. The class must lie under an allowed prefix, which is checked
before anything is imported; functions fit no slot, and keys such as ``_partial_`` are unknown arguments.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from typing import Any

from omegaconf import DictConfig

from mmexp.config.facts import Facts
from mmexp.config.role import Slot
from mmexp.config.schema import SLOTS, slot_of
from mmexp.error import ConfigError, nearest

PREFIXES = ("mmexp", "torch.nn", "torch.optim", "pytorch_lightning", "torchmetrics")


def instantiate(
    slot: str,
    node: Mapping[str, Any] | DictConfig | None,
    /,
    *,
    plugins: Sequence[str] = (),
    at: str = "",
    **parts: Any,
) -> Any:
    """Build a component and the components inside it.

    Args:
        slot: Its kind, a key of ``SLOTS``.
        node: ``_target_`` and arguments; ``${...}`` is resolved, a fact must have been put in.
        plugins: Packages that the user allows in addition to mmexp's own.
        at: Key path of the node, for messages; the slot if empty.
        parts: Arguments that no config gives, such as ``params``.

    Returns:
        The component; None for null in a slot that may be left empty.

    Raises:
        ConfigError: If the class is not allowed, does not fit the slot or refuses its arguments.
    """
    if node is None and SLOTS[slot].optional:
        return None
    return _build(Facts().bind(node), SLOTS[slot], at or slot, plugins, parts)


def refuse_target(target: Any, plugins: Sequence[str] = ()) -> str:
    """Say why a ``_target_`` may not even be looked at; empty if it may."""
    allowed = (*PREFIXES, *plugins)
    if not isinstance(target, str) or not all(part.isidentifier() for part in target.split(".")):
        return f"_target_ must be the dotted path of a class, got {target!r}."
    if any(target.startswith(f"{prefix}.") for prefix in allowed):
        return ""
    top = target.partition(".")[0]
    known = {*sys.stdlib_module_names, *(prefix.partition(".")[0] for prefix in PREFIXES)}
    hint = "" if top in known else f" If you trust it, set plugins=[{','.join((*plugins, top))}]."
    return f"_target_ must lie under one of {', '.join(allowed)}, got '{target}'.{hint}"


def _build(node: Mapping[str, Any], slot: Slot, path: str, plugins: Sequence[str], parts: Mapping[str, Any]) -> Any:
    cls = _class(node, slot, path, plugins)
    arguments = {key: _part(value, f"{path}.{key}", plugins) for key, value in node.items() if key != "_target_"}
    try:
        return cls(**arguments, **parts)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{_blamed(str(error), arguments, path)}: {error}") from error


def _part(value: Any, path: str, plugins: Sequence[str]) -> Any:
    """Build what is a component anywhere inside an argument."""
    if isinstance(value, Mapping):
        if "_target_" in value:
            return _build(value, slot_of(path), path, plugins, {})
        return {key: _part(item, f"{path}.{key}", plugins) for key, item in value.items()}
    return [_part(item, f"{path}.{i}", plugins) for i, item in enumerate(value)] if isinstance(value, list) else value


def _class(node: Mapping[str, Any], slot: Slot, path: str, plugins: Sequence[str]) -> type:
    """Import the class of a component, once its name is known to be allowed."""
    target = node.get("_target_")
    if reason := refuse_target(target, plugins):
        raise ConfigError(f"{path}.{reason}")
    cls = _imported(str(target), path, plugins)
    bases = tuple(_imported(base, path, PREFIXES) for base in slot.bases)
    if not isinstance(cls, type) or not issubclass(cls, bases):
        raise ConfigError(f"{path}._target_ must be a subclass of {' or '.join(slot.bases)}, got '{target}'.")
    return cls


def _imported(target: str, path: str, plugins: Sequence[str]) -> Any:
    module, _, name = target.rpartition(".")
    top = module.partition(".")[0]
    if top in plugins and top not in sys.modules and PathFinder.find_spec(top) is None:
        sys.path.append(os.getcwd())
    try:
        found = import_module(module)
    except Exception as error:
        rule = f"{path}._target_ must lie in a module that can be imported"
        raise ConfigError(f"{rule}, got '{target}' ({type(error).__name__}: {error}).") from error
    if not hasattr(found, name):
        known = [key for key, value in vars(found).items() if isinstance(value, type)]
        raise ConfigError(f"{path}._target_ must name a class of {module}, got '{name}'. {nearest(name, known)}")
    return getattr(found, name)


def _blamed(message: str, arguments: Mapping[str, Any], path: str) -> str:
    """Return the path, with the argument and its value if the message names one."""
    named = [key for key in arguments if re.search(rf"\b{re.escape(key)}\b", message)]
    return f"{path}.{named[0]}={arguments[named[0]]!r}" if len(named) == 1 else path
