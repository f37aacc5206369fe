"""Resolve ``${...}``; what only the data knows, ``${facts:...}``, stays as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import mmexp.config.environment  # noqa: F401  # of which a config may read some variables
from mmexp.config.omegaconf_internal import full_path, is_null, root_node
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
    walk = _Walk(known=_keys(OmegaConf.to_container(root_node(node), resolve=False)))
    return walk.items(node), walk.problems


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
    """One pass over a config."""

    known: list[str]
    problems: dict[str, str] = field(default_factory=dict)
    left: int = _MOST_VALUES

    def items(self, node: Any) -> Any:
        if isinstance(node, DictConfig) and not is_null(node):
            return {str(key): self.value(node, key) for key in node}
        if isinstance(node, ListConfig) and not is_null(node):
            return [self.value(node, index) for index in range(len(node))]
        return None if isinstance(node, Container) else node

    def value(self, node: DictConfig | ListConfig, key: Any) -> Any:
        self.left -= _LOOKUP if OmegaConf.is_interpolation(node, key) else 1
        if self.left < 0:
            self.problems[""] = f"config must resolve to at most {_MOST_VALUES:,} values, got more."
            return None
        if OmegaConf.is_missing(node, key):
            path = full_path(node, key)
            self.problems[path] = f"{path} must be given, got none. Set {path}=<value>."
            return None
        try:
            return self.items(node[key])
        except OmegaConfBaseException as error:
            path = full_path(node, key)
            self.problems[path] = refusal(path, error, self.known)
        except RecursionError:
            path = full_path(node, key)
            self.problems[path] = f"{path} must not refer to itself, got a cycle."
        return None


def _keys(plain: Any, prefix: str = "") -> list[str]:
    """Dotted paths of everything in plain dictionaries."""
    if not isinstance(plain, dict):
        return []
    return [path for key, value in plain.items() for path in (f"{prefix}{key}", *_keys(value, f"{prefix}{key}."))]
