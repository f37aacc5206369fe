"""Call the constructors that a config names, to find the values that only they refuse; no weights are made or fetched.

What comes with mmexp is known to build. So only components with something of the user's own are built, from a word
typed or a file of theirs, and only those that need no facts of the data, no files and no part of a run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from mmexp.config.config import Config
from mmexp.config.fetched import without_fetched
from mmexp.config.instantiate import instantiate
from mmexp.config.resolve import FACT
from mmexp.config.schema import GROUPS, SLOTS, holds_many
from mmexp.config.search_path import conf_path
from mmexp.error import ConfigError


def refused_by_constructors(config: Config) -> list[str]:
    """Return what the constructors refuse, one line each.

    Args:
        config: Composed and checked.
    """
    problems = []
    for group, key, node in _components(config.plain()):
        if _is_own(config, key) and not FACT.search(json.dumps(node)):
            problem = _refused(group, key, without_fetched(node, key), config.plugins)
            problems += [f"{config.where(key)}: {problem}"] if problem else []
    return problems


def _components(root: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Group, key and node of each component that can be built by itself."""
    for group in GROUPS:
        if SLOTS[group].uses_files or set(SLOTS[group].parts) - {"params"}:
            continue
        nodes = root.get(group) or {}
        for name, node in nodes.items() if holds_many(group) else [("", nodes)]:
            if node:
                yield group, f"{group}.{name}".rstrip("."), node


def _is_own(config: Config, key: str) -> bool:
    """Whether a value that was typed, or a file that did not come with mmexp, sets the component or a part of it."""
    files = [source for source in config.sources if not source.path.resolve().is_relative_to(conf_path())]
    packages = [source.package for source in files if source.package]
    return any(f"{one}.".startswith(f"{key}.") for one in (*config.typed, *packages)) or any(
        source.place(key) for source in files
    )


def _refused(group: str, key: str, node: Mapping[str, Any], plugins: tuple[str, ...]) -> str:
    """Return what the constructor says; empty if it takes the values, or fails of anything else."""
    try:
        import_module(str(node["_target_"]).rpartition(".")[0])
        torch = sys.modules.get("torch")
        parts = {"params": [torch.zeros(1, requires_grad=True)]} if SLOTS[group].parts and torch else {}
        devices = ("meta", "cpu") if torch else ("",)
        for device in devices:  # what is refused on a device without memory must be so on a real one as well
            with torch.device(device) if torch else nullcontext():
                try:
                    instantiate(group, node, plugins=plugins, at=key, **parts)
                    return ""
                except ConfigError as error:
                    said = f"{error} {error.hint}".strip()
        return said
    except Exception:  # it could not be tried here, and the run will say more
        return ""
