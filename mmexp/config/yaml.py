"""Refuse a config file that could exhaust the machine, and name the line of one that is no plain YAML."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from mmexp.error import ConfigError

LARGEST = 1_000_000  # bytes of one config file
MOST_NODES = 10_000  # values of one config file once its aliases are written out
DEEPEST = 100  # values inside values


def shown(path: Path) -> str:
    """Return a path as a user in the working directory would type it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def check_yaml(path: Path) -> None:
    """Refuse a config file that could exhaust the machine, before it is read as YAML.

    Raises:
        ConfigError: If it is no plain file of UTF-8 text, too large, or swells when its aliases are written out.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{shown(path)}: config must be a regular file.")
    if status.st_size > LARGEST:
        raise ConfigError(f"{shown(path)}: size must be at most {LARGEST:,} bytes, got {status.st_size:,}.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown(path)}: text must be UTF-8, got {error.reason} at byte {error.start}.") from error
    with yaml_errors(path):
        if _could_be_deep(text) and (line := _too_deep(text)):
            raise ConfigError(f"{shown(path)}:{line}: values must be nested at most {DEEPEST} deep, got more.")
    if "&" in text and "*" in text:
        with yaml_errors(path):
            size = _written_out(yaml.compose(text, Loader=yaml.SafeLoader), {})
        if size > MOST_NODES:
            raise ConfigError(f"{shown(path)}: aliases must write out to at most {MOST_NODES:,} values, got more.")


@contextmanager
def yaml_errors(path: Path) -> Iterator[None]:
    """Turn what the YAML reader raises into a ConfigError with file and line.

    Raises:
        ConfigError: If the file is no plain YAML.
    """
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{shown(path)}:{mark.line + 1}" if mark else shown(path)
        raise ConfigError(f"{where}: file must be plain YAML, got: {error.problem or error.context}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        reason = "nesting too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        raise ConfigError(f"{shown(path)}: file must be plain YAML, got: {reason}.") from error


def depth(text: str) -> int:
    """Return how deep the brackets of a text are nested at most, those in quotes counted as well."""
    level = deepest = 0
    for sign in re.findall(r"[\[\](){}]", text):
        level += 1 if sign in "[({" else -1
        deepest = max(deepest, level)
    return deepest


def _could_be_deep(text: str) -> bool:
    """Whether brackets, or dashes and question marks in one line, are nested deeper than allowed."""
    return depth(text) > DEEPEST or any(len(re.findall("[-?] ", line)) > DEEPEST for line in text.splitlines())


def _too_deep(text: str) -> int:
    """Return the line where values are nested too deep; 0 if they are nowhere."""
    level = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > DEEPEST:
            return int(event.start_mark.line) + 1 if event.start_mark else 1
    return 0


def _written_out(node: yaml.Node | None, sizes: dict[int, int]) -> int:
    """Count the values below a node with every alias written out; one that holds itself counts as too many."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1
        items = node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
        sizes[id(node)] = 1 + sum(_written_out(item, sizes) for item in items)
    return sizes[id(node)]
