"""Where YAML comes from: the folders that are searched, their groups and options, and the line a key stands on."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mmexp.config.search_path import conf_folders
from mmexp.config.yaml import LARGEST, shown


@dataclass(frozen=True)
class Source:
    """A file that a config was composed from.

    Args:
        path: The file.
        package: Key below which its content stands, as in ``fusion.pool``; empty for the root.
    """

    path: Path
    package: str = ""

    def place(self, key: str) -> str:
        """Return ``file:line`` of a dotted key, or nothing if the key is not in this file."""
        inside = self.package.split(".") if self.package else []
        parts = key.split(".")
        if parts[: len(inside)] != inside or len(parts) == len(inside):
            return ""
        line = _line(self.path, parts[len(inside) :])
        return f"{shown(self.path)}:{line}" if line else ""


def groups() -> list[str]:
    """Every group, such as ``fusion`` and ``encoder/image``."""
    names = {
        Path(place, name).relative_to(root).as_posix()
        for root in conf_folders()
        for place, folders, _ in os.walk(root)
        for name in folders
    }
    return sorted(name for name in names if not name.startswith((".", "_")))


def options(group: str) -> list[str]:
    """What can be chosen in a group."""
    return sorted({path.stem for folder in conf_folders() for path in (folder / group).glob("*.yaml")})


def option_path(name: str) -> Path:
    """Return the file of ``group/option``; the user's own wins."""
    found = [path for folder in conf_folders() if (path := folder / f"{name}.yaml").is_file()]
    return found[0] if found else Path(f"{name}.yaml")


def mention(pattern: str) -> str:
    """Return ``file:line`` of the first line in any config file that matches, else nothing."""
    for folder in conf_folders():
        for path in sorted(folder.rglob("*.yaml")):
            text = path.read_text(encoding="utf-8", errors="replace") if path.stat().st_size <= LARGEST else ""
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(pattern, line):
                    return f"{shown(path)}:{number}"
    return ""


def _line(path: Path, keys: Sequence[str]) -> int:
    """Return the line of a key, counted from 1; 0 if it is not there."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, OSError, ValueError, RecursionError):
        return 0
    line = 0
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pairs = [(name, value) for name, value in node.value if name.value == key]
            if not pairs:
                return 0
            line, node = pairs[-1][0].start_mark.line + 1, pairs[-1][1]
        elif isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
            node = node.value[int(key)]
            line = node.start_mark.line + 1
        else:
            return 0
    return line
