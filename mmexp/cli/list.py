"""``mmexp list``: what can be chosen, and which runs there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmexp.error import ConfigError, nearest

if TYPE_CHECKING:
    pass

HELP = "List what can be chosen in each group, or the runs."
USAGE = """
mmexp list [GROUP | runs | export] [--all] [--outputs FOLDER]

  GROUP             fusion, task, encoder/image ...: its options, each with one line; all groups if none is given
  runs              the newest runs with their status, as mmexp runs
  export            tasks and fusions: whether mmexp export can write them, or why not
  --all             every run
  --outputs FOLDER  folder of all runs; default: outputs
"""


def run(argv: list[str]) -> int:
    """Print groups, options or runs; see ``USAGE``."""
    from mmexp.cli import runs
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("list")
    arguments.add_argument("group", nargs="?", default="")
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    if given.group == "runs":
        return runs.run(["--outputs", given.outputs, *(["--all"] if given.all else [])])
    if given.group == "export":
        _print_export()
    elif given.group:
        _print_options(given.group.strip("/"))
    else:
        _print_groups(given.outputs)
    return 0


def groups() -> dict[str, dict[str, Path]]:
    """YAML by option, by group; a user's own file wins over mmexp's of the same name."""
    from mmexp.config.search_path import conf_folders

    found: dict[str, dict[str, Path]] = {}
    for conf in reversed(conf_folders()):
        for path in sorted(conf.rglob("*.yaml")):
            if path.parent != conf:
                found.setdefault(path.parent.relative_to(conf).as_posix(), {})[path.stem] = path
    return {group: dict(sorted(found[group].items())) for group in sorted(found)}


def opening(path: Path) -> str:
    """Return the comment a YAML opens with, after Hydra's own ``# @package`` line."""
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = (line.strip() for line in file)
        line = next((line for line in lines if not line.startswith("# @package")), "")
    return line.lstrip("# ") if line.startswith("#") else ""


def _print_groups(outputs: str) -> None:
    from mmexp.cli._table import print_table

    print_table(["group!", "options"], [[group, ", ".join(options)] for group, options in groups().items()])
    _print_tally(outputs)


def _print_options(name: str) -> None:
    from mmexp.cli._table import print_table

    known = groups()
    chosen = [group for group in known if group == name or group.startswith(f"{name}/")]
    if not chosen:
        raise ConfigError(
            f"list: group must be one that exists, got '{name}'.", nearest(name, [*known, "runs", "export"])
        )
    for group in chosen:
        print(group)
        print_table(["option!", "what it is"], [[option, opening(path)] for option, path in known[group].items()])


def _print_export() -> None:
    from mmexp.cli._table import print_table
    from mmexp.deploy.support import GROUPS, refusals

    for group in GROUPS:
        print_table(
            [f"{group}!", "export"], [[name, f"no: {why}" if why else "yes"] for name, why in refusals(group).items()]
        )


def _print_tally(outputs: str) -> None:
    """One line about the runs, and how to resume those that ended early."""
    from collections import Counter

    from mmexp.cli._advice import print_advice
    from mmexp.run.command import list_runs
    from mmexp.run.summary import rows

    found = rows(outputs)
    if found:
        tally = Counter(row.status for row in found).most_common()
        print(f"{len(found)} runs ({', '.join(f'{count} {status}' for status, count in tally)})")
        print(f"Run: {list_runs(outputs)}")
    print_advice(found)
