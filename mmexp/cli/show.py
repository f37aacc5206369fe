"""``mmexp show``: what an option sets, and what the part it builds says about itself."""

from __future__ import annotations

import re
from pathlib import Path

from mmexp.error import ConfigError, nearest

HELP = "Show the YAML of an option and the parameters and docstring of what it builds."
USAGE = """
mmexp show GROUP=OPTION ...

  GROUP=OPTION      for instance fusion=gated or encoder/image=cnn; mmexp list shows what there is
"""
_TARGET = re.compile(r"^\s*_target_:\s*['\"]?([\w.]+)", re.MULTILINE)


def run(argv: list[str]) -> int:
    """Print each option; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("show")
    arguments.add_argument("choices", nargs="+")
    for choice in arguments.read(argv).choices:
        _print_option(*_find(choice))
    return 0


def _find(choice: str) -> tuple[str, Path]:
    """Return ``group=option`` and its YAML.

    Raises:
        ConfigError: If there is no such group or option.
    """
    from mmexp.cli.list import groups

    known = groups()
    group, equals, option = choice.partition("=")
    if group not in known:
        raise ConfigError(f"show: group must be one that exists, got '{group}'.", nearest(group, list(known)))
    if option not in known[group]:
        rule = f"show: {group} must be one of its options"
        hint = nearest(option, list(known[group])) if equals else f"Run: mmexp show {group}={next(iter(known[group]))}"
        raise ConfigError(f"{rule}, got '{option}'.", hint)
    return choice, known[group][option]


def _print_option(choice: str, path: Path) -> None:
    from mmexp.cli._text import printable
    from mmexp.config.description import describe

    text = path.read_text(encoding="utf-8", errors="replace").rstrip()
    print(f"{choice}  ({_short(path)})\n\n{_indented(printable(text))}\n")
    for target in dict.fromkeys(_TARGET.findall(text)):
        part = describe(target)
        if part is None:
            print(f"{target}: no source found.\n")
            continue
        print(f"{part.name}  ({_short(part.path)}:{part.line})\n")
        for block in ("\n".join(part.parameters), printable(part.doc)):
            print(f"{_indented(block)}\n" * bool(block), end="\n" * bool(block))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def _short(path: Path) -> str:
    """A path as seen from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
