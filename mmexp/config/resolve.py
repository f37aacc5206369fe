"""Resolve ``${...}``; what only the data knows, ``${facts:...}``, stays as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import mmexp.config.environment  # noqa: F401  # of which a config may read some variables
from mmexp.config.omegaconf_internal import full_path, root_node
from mmexp.config.refusal import refusal
from mmexp.error import ConfigError

FACT = re.compile(r"\$\{facts:([\w.\-]+)\}")
_MOST_VALUES = 50_000
_LOOKUP = 20  # values that one interpolation counts for, as it takes that much longer

# Stateless: the argument, itself resolved, is put back in its brackets, and facts.py fills it from one run's facts.
OmegaConf.register_new_resolver("facts", lambda key: f"${{facts:{key}}}", replace=True)


def resolve(node: Container) -> Any:
    """Return plain containers with everything resolved but ``${facts:...}``.

    Raises:
        ConfigError: If a value is missing, refers to nothing or to itself; all of them at once.
    """
    plain, problems = try_resolve(node)
    if problems:
        raise ConfigError(list(problems.values()))
    return plain


def try_resolve(node: Container) -> tuple[Any, dict[str, str]]:
    """Return plain containers, in which a value that can't be resolved is None, and what is wrong by its key."""
    walk = _Walk(root_node(node))
    return walk.items(node, OmegaConf.to_container(node, resolve=False)), walk.problems


def is_shared(text: str) -> bool:
    """Whether a raw value may stand in a config that someone else wrote: it reads facts, or nothing at all."""
    return "${" not in FACT.sub("", text)


def texts(node: Container) -> Iterator[tuple[str, str]]:
    """Yield dotted path and raw text of every text in a config."""
    yield from _strings(OmegaConf.to_container(node, resolve=False), "")


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _strings(item, f"{path}.{key}".lstrip("."))


def escaped(value: Any) -> Any:
    """Keep text that only looks like an interpolation from becoming one."""
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [escaped(item) for item in value]
    return re.sub(r"\$\{(?!facts:)", r"\\${", value) if isinstance(value, str) else value


@dataclass
class _Walk:
    """One pass over a config, next to its raw values: only what must be resolved is read through OmegaConf.

    Args:
        root: Where interpolations are looked up.
        problems: What is wrong, by key.
        left: Values that may still be read.
    """

    root: Container
    problems: dict[str, str] = field(default_factory=dict)
    left: int = _MOST_VALUES

    def items(self, node: Any, raw: Any) -> Any:
        if isinstance(raw, dict):
            return {str(key): self.value(node, key, item) for key, item in raw.items()}
        if isinstance(raw, list):
            return [self.value(node, index, item) for index, item in enumerate(raw)]
        return raw

    def value(self, node: DictConfig | ListConfig, key: Any, raw: Any) -> Any:
        unresolved = isinstance(raw, str) and "${" in raw
        self.left -= _LOOKUP if unresolved else 1
        if self.left < 0:
            self.problems[""] = f"config must resolve to at most {_MOST_VALUES:,} values, got more."
            return None
        if raw == "???":
            path = full_path(node, key)
            self.problems[path] = f"{path} must be given, got none. Set {path}=<value>."
            return None
        return self.resolved(node, key, raw) if unresolved or isinstance(raw, (dict, list)) else raw

    def resolved(self, node: DictConfig | ListConfig, key: Any, raw: Any) -> Any:
        """Read a value that refers to others, or in which one may."""
        try:
            value = node[key]
            if isinstance(raw, str):
                raw = OmegaConf.to_container(value, resolve=False) if isinstance(value, Container) else value
            return self.items(value, raw)
        except OmegaConfBaseException as error:
            path = full_path(node, key)
            self.problems[path] = refusal(path, error, self.known)
        except RecursionError:
            path = full_path(node, key)
            self.problems[path] = f"{path} must not refer to itself, got a cycle."
        return None

    @cached_property
    def known(self) -> list[str]:
        """Dotted paths of all that there is to refer to."""
        return _keys(OmegaConf.to_container(self.root, resolve=False))


def _keys(plain: Any, prefix: str = "") -> list[str]:
    """Dotted paths of everything in plain dictionaries."""
    if not isinstance(plain, dict):
        return []
    return [path for key, value in plain.items() for path in (f"{prefix}{key}", *_keys(value, f"{prefix}{key}."))]
