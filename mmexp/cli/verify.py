"""``mmexp verify``: what is damaged in the folders of runs."""

from __future__ import annotations

HELP = "List what is damaged in the folders of runs."
USAGE = """
mmexp verify [RUN ...] [--outputs FOLDER]

  RUN               its path, its id, the beginning of it, 'last', or a folder of runs; default: all runs
  --outputs FOLDER  folder of all runs; default: outputs

Exits with 1 if something is damaged.
"""


def run(argv: list[str]) -> int:
    """Print a line per damaged file, or that a run is as it was written; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.cli._text import printable
    from mmexp.run.advice import named
    from mmexp.run.collect import collect
    from mmexp.run.verify import verify

    arguments = Arguments("verify")
    arguments.add_argument("runs", nargs="*")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    damaged = False
    for folder in collect(given.runs or [given.outputs], given.outputs):
        found = list(verify(folder))
        damaged = damaged or bool(found)
        for line in found or [f"OK: {named(folder)}"]:
            print(printable(line))
    return int(damaged)
