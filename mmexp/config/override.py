"""What is typed after a verb: ``group=option`` and ``key=value``, for one run or for many."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmexp.config.hydra_internal import split_sweep
from mmexp.config.provenance import groups, options
from mmexp.config.refusal import refusal, unknown_key
from mmexp.config.schema import ROOT, holds_many, is_text
from mmexp.config.synonym import suggest_option
from mmexp.config.yaml import depth
from mmexp.error import ConfigError, nearest
from mmexp.run.command import quoted

_GRAMMAR = "Use key=value, group=option or ~key."
_LONGEST = 100  # characters of a word that is shown
_DEEPEST = 50  # brackets inside brackets
_SWEEP = "Use -m and a,b without brackets to sweep."


@dataclass
class Overrides:
    """Overrides of one run, choices and values apart.

    Args:
        groups: Choices of options.
        values: Everything else.
        problems: What is wrong with the rest, one line each.
        words: All of it, as typed.
    """

    groups: list[Override] = field(default_factory=list)
    values: list[Override] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    words: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys that are set here: those of values, and of groups that are left out."""
        left_out = [group.key_or_group.replace("/", ".") for group in self.groups if group.is_delete()]
        return (*(value.key_or_group for value in self.values), *left_out)


def read(words: Sequence[str]) -> Overrides:
    """Separate choices of options from values; a value below an option that does not exist is left out."""
    result, known, lost = Overrides(words=tuple(words)), groups(), set()
    for word in words:
        try:
            override = parse(word)
            if override.is_sweep_override():
                rule = f"value must be one, got several in '{word}'. Use -m to sweep"
                raise ConfigError(f"command line: {rule}, or put the value in quotes: {shlex.quote(_in_quotes(word))}")
            key = override.key_or_group
            if key not in known and "/" not in key and override.package is None:
                result.values.append(_value(override))
                continue
            lost.add(override.package or key.replace("/", "."))
            result.groups.append(_choice(override, known))
            lost.discard(override.package or key.replace("/", "."))
        except ConfigError as error:
            result.problems += error.problems
    result.values = [v for v in result.values if not any(_below(v.key_or_group, key) for key in lost)]
    return result


def expand(words: Sequence[str]) -> list[list[str]]:
    """Return the overrides of each job of a sweep, the last word varying fastest.

    ``a,b``, ``choice(a,b)``, ``range(0,3)`` and ``glob(*)`` over the options of a group are written out.

    Raises:
        ConfigError: If a word can't be read, asks for an interval, or stands for nothing; all of them at once.
    """
    parsed, problems = [], []
    for word in words:
        try:
            parsed.append(discrete(parse(word)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return split_sweep(parsed)


def assign(node: DictConfig, choices: Mapping[str, str], override: Override, made: set[str]) -> None:
    """Set one value of a composed config.

    A component takes any key here, its constructor decides later; a plain dictionary takes a new one only with ``+``,
    unless it came to be by keys of this command line.

    Args:
        node: The root.
        choices: Option by group.
        override: Key and value.
        made: Paths of the dictionaries that came to be; noted here.

    Raises:
        ConfigError: If the key is not there or the value does not fit.
    """
    key, value = override.key_or_group, override.value()
    if is_text(key) and isinstance(value, (int, float)):  # 1e3 is no name of 1000.0
        value = str(override.input_line).partition("=")[2]
    try:
        _check_parent(node, override, made)
        if override.is_delete():
            _delete(node, key)
            return
        _check_component(node, choices, key, value)
        made |= {path for path in _parents(key) if OmegaConf.select(node, path) is None}
        OmegaConf.update(node, key, value, merge=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"command line: {refusal(str(error.full_key or key), error)}") from error


class _Options:
    """What a glob is matched with."""

    def get_group_options(self, group: str, results_filter: object = None) -> list[str]:
        return options(group)


def parse(word: str) -> Override:
    """Read one override, in Hydra's grammar."""
    rule, shown = "override must follow Hydra's grammar", word if len(word) <= _LONGEST else f"{word[:_LONGEST]}..."
    if depth(word) > _DEEPEST:
        raise ConfigError(f"command line: {rule}, got '{shown}' (more than {_DEEPEST} nested brackets).")
    try:
        override = OverridesParser.create().parse_override(word)
    except HydraException as error:
        reason = str(error).splitlines()[0][:_LONGEST]
        raise ConfigError(f"command line: {rule}, got '{shown}' ({reason}). {_cure(word)}") from error
    override.config_loader = _Options()  # type: ignore[assignment]
    if override.is_hydra_override():
        raise ConfigError(f"command line: {unknown_key('hydra')}")
    return override


def _cure(word: str) -> str:
    """Say how to type a value that holds signs of the grammar: in quotes, inside those of the shell."""
    _, sign, value = word.partition("=")
    try:
        OverridesParser.create().parse_override(_in_quotes(word))
    except HydraException:
        return _GRAMMAR
    return f"Put the value in quotes: {shlex.quote(_in_quotes(word))}" if sign and value else _GRAMMAR


def _in_quotes(word: str) -> str:
    """Return an override with its value in the quotes of the grammar."""
    key, _, value = word.partition("=")
    return f"{key}={quoted(value)}"


def discrete(override: Override) -> Override:
    """Refuse a sweep without values."""
    if not override.is_sweep_override():
        return override
    if not override.is_discrete_sweep():
        raise ConfigError(f"command line: {override.input_line}: sweep must be over single values, got an interval.")
    if not list(override.sweep_string_iterator()):
        known = ", ".join(options(override.key_or_group)) or "none"
        rule = "sweep must match an option"
        raise ConfigError(f"command line: {override.input_line}: {rule}, got none. Options are: {known}.")
    return override


def _value(override: Override) -> Override:
    """Check that the root key exists."""
    root, _, below = override.key_or_group.partition(".")
    if root not in ROOT:
        raise ConfigError(f"command line: {unknown_key(root, str(override.input_line).partition('=')[2], below)}")
    return override


def _choice(override: Override, known: Sequence[str]) -> Override:
    """Check that group and option exist; null leaves the group out."""
    group, value = override.key_or_group, override.value()
    if group not in known:
        rule = "group must be one that exists"
        raise ConfigError(f"command line: {rule}, got '{group}'. {nearest(group, known)}")
    if value is None and not override.is_delete():
        override.type = OverrideType.DEL
        override.value_type = None
    elif isinstance(value, list) and not holds_many(group):
        raise ConfigError(f"command line: {group} must be one of its options, got {len(value)}. {_SWEEP}")
    elif not override.is_delete():
        for option in value if isinstance(value, list) else [value]:
            _check_option(group, option, override.package or "")
    return override


def _check_option(group: str, option: Any, package: str) -> None:
    if option not in options(group):
        hint = suggest_option(group, str(option), package)
        raise ConfigError(f"command line: {group} must be one of its options, got '{option}'. {hint}")


def _check_parent(node: DictConfig, override: Override, made: set[str]) -> None:
    """Refuse a new key of a plain dictionary, unless it is added with ``+`` and no near one is there."""
    path, _, name = override.key_or_group.rpartition(".")
    parent = OmegaConf.select(node, path) if "." in path and path not in made else None
    if not isinstance(parent, DictConfig) or "_target_" in parent or name in parent or override.is_delete():
        return
    known = [str(key) for key in parent]
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    if override.is_force_add() or (override.is_add() and not near):
        return
    rule = f"{override.key_or_group} must be a key of {path}"
    hint = nearest(name, known) if near else f"Use {shlex.quote(f'+{override.input_line}')} to add it."
    raise ConfigError(f"command line: {rule}, got '{name}'. {hint}")


def _check_component(node: DictConfig, choices: Mapping[str, str], key: str, value: Any) -> None:
    """Refuse a plain value in the place of a component."""
    present = OmegaConf.select(node, key, throw_on_resolution_failure=False)
    if not isinstance(present, DictConfig) or "_target_" not in present or isinstance(value, dict) or value is None:
        return
    group = next((name for name in choices if name.partition("@")[2] == key), key.replace(".", "/"))
    hint = f"Set {group}={value}." if "@" in group or value in options(group) else suggest_option(group, str(value))
    raise ConfigError(f"command line: {key} must be a component, got '{value}'. {hint}")


def _delete(node: DictConfig, key: str) -> None:
    path, _, name = key.rpartition(".")
    parent = OmegaConf.select(node, path) if path else node
    if not isinstance(parent, DictConfig) or name not in parent:
        known = [str(item) for item in parent] if isinstance(parent, DictConfig) else list(ROOT)
        raise ConfigError(f"command line: {key} must be there to be left out, got none. {nearest(name, known)}")
    del parent[name]


def _parents(key: str) -> list[str]:
    """``a`` and ``a.b`` of ``a.b.c``."""
    parts = key.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _below(key: str, parent: str) -> bool:
    return key == parent or key.startswith(f"{parent}.")
