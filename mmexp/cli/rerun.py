"""``mmexp rerun``: train a run again, and say whether it came out the same."""

from __future__ import annotations

import sys

HELP = "Train a run again from its folder or card, and say whether it came out the same."
USAGE = """
mmexp rerun RUN|CARD [key=value ...] [--json] [--outputs FOLDER]

  RUN               a run that is done: its path, its id, the beginning of it, or 'last'
  CARD              a file that mmexp card has written
  key=value         where the data is now, such as dataset.root=FOLDER; also hardware.* and plugins=[NAME]
  --json            the same as JSON
  --outputs FOLDER  folder of all runs; default: outputs

Says 'bit for bit' where weights, predictions and metrics are equal; 'within seed noise' where the metric differs by no
more than seeds of this config do that were trained here; else 'not the same', with what separates the two. Exits with 1
if it is not the same.
"""


def run(argv: list[str]) -> int:
    """Train and compare; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("rerun")
    arguments.add_argument("ref")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    print("loading libraries", file=sys.stderr, flush=True)
    from rich.console import Console

    from mmexp.cli._text import printable
    from mmexp.cli.why import show_explanation
    from mmexp.run.jsonfile import dumps
    from mmexp.study.rerun import config_again, recorded, rerun

    with recorded(given.ref, given.outputs) as (folder, before):
        config = config_again(folder, given.overrides, given.outputs)
        found = rerun(folder, before, config, Console(stderr=True))
        if given.json:
            print(dumps(found.plain()), end="")
        else:
            print(printable(f"{found.outcome}: {found.text}\n"))
            show_explanation(found.explanation)
    return int(found.outcome == "not the same")
