"""``mmexp diff``: what differs between the configs of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.run.folder import RunFolder

HELP = "Show what differs between the configs of two runs."
USAGE = """
mmexp diff A B [--json] [--outputs FOLDER]

  A, B              two runs, each its path, its id, the beginning of it, or 'last'
  --json            the same as JSON
  --outputs FOLDER  folder of all runs; default: outputs

Value by value, with the defaults of components. What changes no result, such as the name, is marked. mmexp why says
what else separates the runs, and what of it explains the difference between their results.
"""


def run(argv: list[str]) -> int:
    """Print the difference; see ``USAGE``."""
    from mmexp.analysis.config_difference import config_difference
    from mmexp.cli._arguments import Arguments
    from mmexp.cli._table import print_table
    from mmexp.run.jsonfile import dumps
    from mmexp.run.summary import row

    arguments = Arguments("diff")
    arguments.add_argument("a")
    arguments.add_argument("b")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    a, b = two_runs("diff", given.a, given.b, given.outputs)
    data = {row(folder).fingerprint for folder in (a, b)}
    factors = config_difference(a, b, len(data) == 1 and data != {""})
    if given.json:
        print(dumps({"a": a.id, "b": b.id, "config": [one.plain() for one in factors]}), end="")
        return 0
    cells = [
        [leaf.key, leaf.shown("a"), leaf.shown("b"), "changes no result" if one.part == "idle" else ""]
        for one in factors
        for leaf in one.leaves
    ]
    if cells:
        print_table(["key!", a.id, b.id, ""], cells)
    else:
        print("The configs are the same.")
    return 0


def two_runs(verb: str, a: str, b: str, outputs: str) -> tuple[RunFolder, RunFolder]:
    """Find two runs.

    Raises:
        ConfigError: If one of them is not there, or both are one.
    """
    from mmexp.run.folder import RunFolder

    found = RunFolder.find(a, outputs), RunFolder.find(b, outputs)
    if found[0].path.resolve() == found[1].path.resolve():
        raise ConfigError(f"mmexp {verb}: A and B must be two runs, got {found[0].id} twice.")
    return found
