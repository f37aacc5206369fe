"""``mmexp why``: what separates two runs, what explains their difference best first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.analysis.cause import Cause
    from mmexp.analysis.why import Explanation

HELP = "Say what separates two runs, ranked by what explains the difference best."
USAGE = """
mmexp why A B [--metric KEY] [--json] [--outputs FOLDER]

  A, B              two runs, each its path, its id, the beginning of it, or 'last'
  --metric KEY      compare by this, for instance test/f1; default: what A monitored, on the test split
  --json            the same as JSON, with all values of the config that differ
  --outputs FOLDER  folder of all runs; default: outputs

Other data comes first: the results then answer another question. Then chance, where the spread over seeds of the same
config, or the samples of the split, are enough for the difference. Then changes of the config: those first that have
made such a difference in other runs that differ in them alone. Then code, packages and hardware.
"""


def run(argv: list[str]) -> int:
    """Print the explanation; see ``USAGE``."""
    from mmexp.analysis.why import explain
    from mmexp.cli._arguments import Arguments
    from mmexp.cli.diff import two_runs
    from mmexp.run.jsonfile import dumps
    from mmexp.run.summary import neighbours, row

    arguments = Arguments("why")
    arguments.add_argument("a")
    arguments.add_argument("b")
    arguments.add_argument("--metric", default="")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    a, b = two_runs("why", given.a, given.b, given.outputs)
    found = explain(row(a), row(b), neighbours([a, b]), given.metric)
    if given.json:
        print(dumps(found.plain()), end="")
    else:
        show_explanation(found)
    return 0


def show_explanation(found: Explanation) -> None:
    """Print two results, what separates the runs, and what they share."""
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number, printable

    for name, one, value in zip("AB", (found.a, found.b), found.values, strict=True):
        state = f"{found.metric} {number(value)}" if found.metric else one.status
        print(printable(f"{name}  {one.folder.name}/{one.folder.id}  {state}"))
    if found.difference is not None:
        print(f"B - A: {found.difference:+.4g}")
    if shown := [one for one in found.causes if one.kind != "idle"]:
        print_table(["#>", "kind!", "what", "A", "B", "what is known of it"], list(_rows(shown)))
    else:
        print("\nNothing that the runs have recorded separates them.\n")
    for line in _rest(found):
        print(printable(line))


def _rows(causes: list[Cause]) -> Iterator[list[str]]:
    for place, one in enumerate(causes, 1):
        parts = one.parts.get("leaves", ())
        more = f"with {len(parts)} values" if len(parts) > 1 else ""
        yield [str(place), one.kind, one.what, one.a, one.b, "; ".join(filter(None, (one.note, more)))]


def _rest(found: Explanation) -> Iterator[str]:
    if found.same:
        yield f"The same: {', '.join(found.same)}."
    if idle := [one.what for one in found.causes if one.kind == "idle"]:
        yield f"Also differ, but change no result: {', '.join(idle)}."
    if not found.causes and found.difference:
        yield "So what is not recorded has made the difference: environment variables, or numbers that a device rounds."
