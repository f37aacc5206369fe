"""Check a composed config without building anything: every signature is bound from its source, no torch is imported."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mmexp.config.config import Config
from mmexp.config.instantiate import refuse_target
from mmexp.config.provenance import options
from mmexp.config.role import Slot
from mmexp.config.schema import GROUPS, SECTIONS, SLOTS, holds_many, slot_of
from mmexp.config.signature import Signature, accepts, read_signature, rule
from mmexp.config.static import derives, find_class, is_module, is_package, names_in
from mmexp.config.synonym import suggest_argument
from mmexp.error import ConfigError, nearest
from mmexp.run.folder import checked_name
from mmexp.run.redact import redact


def find_problems(config: Config) -> list[str]:
    """Return what is wrong with a config, one line each: its place, the value and the nearest valid name."""
    plain, unresolved = config.resolution
    found = [*unresolved.items(), *_root(plain), *_not_a_number(plain)]
    scope = _Scope(tuple(plain.get("plugins") or ()), frozenset(unresolved))
    for key in GROUPS:
        nodes = (plain.get(key) or {}) if holds_many(key) else {"": plain.get(key)}
        for name, node in nodes.items() if key not in unresolved else ():
            found += _Component(scope, SLOTS[key], f"{key}.{name}".rstrip("."), tuple(nodes)).problems(node)
    return [f"{config.where(key)}: {text}" for key, text in dict.fromkeys(found)]


def _root(plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Check what only the root knows."""
    if isinstance(dim := plain.get("dim"), int) and dim < 1:
        yield "dim", f"dim must be at least 1, got {dim}."
    if isinstance(seed := plain.get("seed"), int) and not 0 <= seed < 2**32:
        yield "seed", f"seed must be in [0, 2**32), got {seed}."
    folds, fold = plain.get("folds"), plain.get("fold")
    if folds not in (None, "groups") and not (isinstance(folds, int) and folds >= 3):
        yield "folds", f"folds must be null, groups or a number of at least 3, got {folds!r}."
    if fold is not None and folds is None:
        yield "fold", f"folds must be groups or a number with fold, got null with fold={fold}."
    if isinstance(name := plain.get("name"), str):
        try:
            checked_name(name)
        except ConfigError as error:
            yield "name", f"{error.problems[0].removeprefix('run: ')} {error.hint}"
    for key in ("name", "outputs"):
        if redact(str(plain.get(key))) != str(plain.get(key)):
            yield key, f"{key} must hold no secret, because folders are called by it, got {redact(str(plain[key]))}."
    for package in plain.get("plugins") or ():
        if not is_package(package):
            yield "plugins", f"plugins must be packages that are installed or lie here, got '{package}'."
    for key, kind in SECTIONS.items():
        section = plain.get(key)
        if isinstance(section, dict) and None not in section.values():
            try:
                kind(**section)
            except ValueError as error:
                yield str(error).partition(" ")[0], str(error)
    known = list(plain.get("encoder") or {})
    inputs = plain.get("inputs")
    if inputs is not None and (not inputs or len(set(inputs)) < len(inputs)):
        yield "inputs", f"inputs must name each modality once, got {inputs}. Set inputs=null for all."
    named = _named(plain.get("dataset"), plain.get("plugins") or ())
    for name in map(str, inputs or ()) if named is not None else ():
        mistyped = name not in named if named else get_close_matches(name, known)
        if mistyped and name not in known:
            yield "inputs", f"inputs must be modalities that have an encoder, got '{name}'. {nearest(name, known)}"


def _named(dataset: Any, plugins: Sequence[str]) -> Collection[str] | None:
    """Names of the user's own that a dataset is to give its inputs, none if it looks for the usual ones.

    None if it takes no such names: only the dataset knows what it offers.
    """
    target = dataset.get("_target_") if isinstance(dataset, Mapping) else None
    cls = None if refuse_target(target, plugins) else find_class(str(target))
    if cls is None or "inputs" not in read_signature(cls).arguments:
        return None
    return dataset.get("inputs") or ()


def _not_a_number(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Find every nan."""
    if isinstance(value, float) and math.isnan(value):
        yield path, f"{path} must be a number, got nan."
    elif isinstance(value, (Mapping, list)):
        for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _not_a_number(item, f"{path}.{key}".lstrip("."))


@dataclass(frozen=True)
class _Scope:
    """What the check of a component needs of the whole config.

    Args:
        plugins: Packages that the user allows.
        unresolved: Keys whose value is not known; they are taken to fit.
    """

    plugins: tuple[str, ...]
    unresolved: frozenset[str]


@dataclass(frozen=True)
class _Component:
    """What is wrong with one component and those inside it.

    Args:
        scope: What it stands in.
        slot: Its kind.
        path: Its key.
        siblings: Names in the dictionary of its group.
    """

    scope: _Scope
    slot: Slot
    path: str
    siblings: tuple[str, ...] = ()

    def problems(self, node: Any) -> Iterator[tuple[str, str]]:
        """Yield key and text of each problem."""
        if node is None and self.slot.optional:
            return
        if not isinstance(node, Mapping) or "_target_" not in node:
            yield self.path, self._no_component(node)
            return
        target = f"{self.path}._target_"
        reason = "" if target in self.scope.unresolved else self._refuse(node["_target_"])
        if reason:
            yield target, f"{self.path}.{reason}"
        elif cls := find_class(str(node["_target_"])):
            yield from self._arguments(node, read_signature(cls))
        for key, value in node.items():
            yield from self._inside(value, f"{self.path}.{key}")

    def _no_component(self, node: Any) -> str:
        name = self.path.rpartition(".")[2]
        others = [key for key in self.siblings if key not in ("", name)]
        near = nearest(name, others) if others else ""
        if isinstance(node, Mapping):
            return f"{self.path} must be a component, which names its class in _target_, got none. {near}".rstrip()
        given = "null" if node is None else repr(node)
        group = self.path.replace(".", "/")
        known = options(group)
        hint = f"Choose one of: {', '.join(known)}." if known else f"Set {self.path}._target_ to its class."
        return f"{self.path} must be a component, got {given}. {hint}"

    def _refuse(self, target: Any) -> str:
        """Say why a class does not fit; empty if it does, or if only the import can show it."""
        if reason := refuse_target(target, self.scope.plugins):
            return reason
        cls = find_class(target)
        module, _, name = target.rpartition(".")
        if cls is None and not is_module(module):
            return f"_target_ must lie in a module that exists, got '{module}'."
        if cls is None:
            return f"_target_ must name a class of {module}, got '{name}'. {nearest(name, names_in(module))}"
        if all(derives(cls, base) is False for base in self.slot.bases):
            return f"_target_ must be a subclass of {' or '.join(self.slot.bases)}, got '{target}'."
        return ""

    def _arguments(self, node: Mapping[str, Any], signature: Signature) -> Iterator[tuple[str, str]]:
        """Bind the arguments to the signature."""
        name = str(node["_target_"]).rpartition(".")[2]
        known = {key: argument for key, argument in signature.arguments.items() if key not in self.slot.parts}
        for key, value in node.items():
            path = f"{self.path}.{key}"
            if key == "_target_" or path in self.scope.unresolved:
                continue
            if key in self.slot.parts:
                yield path, f"{path} must be left out, because mmexp gives it, got {value!r}."
            elif key not in known:
                if not signature.open:
                    text = f"{path} must be an argument of {name}"
                    yield path, f"{text}, got '{key}'. {suggest_argument(path, list(known), value)}"
            elif not _fits(known[key].annotation, value):
                text = f"{path} must be {rule(known[key].annotation)}, got {value!r}."
                yield path, f"{text}{_quoted(path, value)}"
        for key in (key for key, argument in known.items() if argument.required and key not in node):
            path = f"{self.path}.{key}"
            yield f"{self.path}._target_", f"{path} must be given to {name}, got none. Set {path}=<value>."

    def _inside(self, value: Any, path: str) -> Iterator[tuple[str, str]]:
        """Check the components inside an argument."""
        if isinstance(value, Mapping) and "_target_" in value:
            yield from _Component(self.scope, slot_of(path), path).problems(value)
        elif isinstance(value, Mapping) and (slot := slot_of(path)).by_name:
            for key, item in value.items():
                if item is not None:
                    yield from _Component(self.scope, slot, f"{path}.{key}", tuple(value)).problems(item)
        elif isinstance(value, (Mapping, list)):
            for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
                yield from self._inside(item, f"{path}.{key}")


def _quoted(path: str, value: Any) -> str:
    """Say how to type a mapping that a shell has taken apart at its commas."""
    lone = isinstance(value, str) and re.fullmatch(r"\w+:\S*", value)
    return f" In a shell braces need quotes: '{path}={{{value},...}}'." if lone else ""


def _fits(annotation: ast.expr | None, value: Any) -> bool:
    """Whether a value has the type of its argument; what waits for a fact or is itself a component does."""
    if (isinstance(value, str) and "${" in value) or (isinstance(value, Mapping) and "_target_" in value):
        return True
    return accepts(annotation, value)
