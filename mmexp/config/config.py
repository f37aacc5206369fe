"""A config that has been checked: what a run is made of, and what sets it apart."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mmexp.config.provenance import Source
from mmexp.config.resolve import try_resolve
from mmexp.config.schema import REPETITIONS, ROLES, role_of
from mmexp.error import ConfigError


@dataclass(frozen=True)
class Config:
    """A config that has been checked.

    Args:
        node: The root of the typed schema; ``${...}`` is not resolved.
        sources: Files it was merged from, in order.
        typed: Keys set on the command line.
        words: The command line itself.
    """

    node: DictConfig
    sources: tuple[Source, ...] = ()
    typed: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def choices(self) -> dict[str, str]:
        """Option chosen in each group, such as ``{"fusion": "gated", "encoder/image": "cnn"}``."""
        return {str(group): str(option) for group, option in self.node.choices.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """What sets this run apart: its choices, the values typed for parts of it, and its fold if it has one."""
        typed = {key: OmegaConf.select(self.node, key) for key in self.typed}
        plain = {key: OmegaConf.to_object(v) if OmegaConf.is_config(v) else v for key, v in typed.items()}
        compared = {key: value for key, value in {**self.choices, **plain}.items() if role_of(key).is_compared}
        return compared | {key: value for key in REPETITIONS if (value := self.node.get(key)) is not None}

    @cached_property
    def key(self) -> str:
        """Hash of all that decides how a run of this config comes out, but for the data itself and the code."""
        decisive = {key: value for key, value in self._resolved.items() if ROLES[key].is_hashed}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()[:16]

    @property
    def plugins(self) -> tuple[str, ...]:
        """Packages that the user allows in addition to mmexp's own."""
        return () if OmegaConf.is_missing(self.node, "plugins") else tuple(self.node.plugins)

    @property
    def modules(self) -> set[str]:
        """Modules of the classes of mmexp that its components name."""
        return {target.rpartition(".")[0] for target in _targets(self._resolved) if target.startswith("mmexp.")}

    def plain(self) -> dict[str, Any]:
        """Return plain containers with everything resolved but ``${facts:...}``."""
        copy: dict[str, Any] = pickle.loads(self._pickled)
        return copy

    @cached_property
    def resolution(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Plain containers, in which a value that can't be resolved is None, and what is wrong by its key."""
        return try_resolve(self.node)

    @cached_property
    def _pickled(self) -> bytes:
        return pickle.dumps(self._resolved)

    @property
    def _resolved(self) -> dict[str, Any]:
        plain, problems = self.resolution
        if problems:
            raise ConfigError(list(problems.values()))
        return plain

    def where(self, key: str) -> str:
        """Return where a value was set: a file with its line, or the command line."""
        if any(key == typed or key.startswith(f"{typed}.") for typed in self.typed):
            return "command line"
        places = filter(None, (source.place(key) for source in reversed(self.sources)))
        return next(places, "command line" if any(typed.startswith(f"{key}.") for typed in self.typed) else "config")


def _targets(node: object) -> Iterator[str]:
    """Yield the class of each component below a node."""
    if isinstance(node, dict):
        yield from [str(node["_target_"])] if "_target_" in node else []
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for one in below:
        yield from _targets(one)
