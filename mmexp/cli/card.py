"""``mmexp card``: a page with all that it takes to train a run again."""

from __future__ import annotations

HELP = "Write the reproduction card of a run."
USAGE = """
mmexp card RUN [--to FILE] [--json] [--outputs FOLDER]

  RUN               a run that is done: its path, its id, the beginning of it, or 'last'
  --to FILE         write it there; default: print it
  --json            the same as JSON alone
  --outputs FOLDER  folder of all runs; default: outputs

Markdown, with all of it as JSON at its end: command, config, seed, code with its diff, packages, hardware, data,
weights with hashes, metrics with intervals, cost, and what may come out otherwise. Secrets and the home folder are
taken out. mmexp rerun trains a card again.
"""


def run(argv: list[str]) -> int:
    """Print or write the card; see ``USAGE``."""
    from pathlib import Path

    from mmexp.analysis.card import make_card
    from mmexp.analysis.card_page import page
    from mmexp.cli._arguments import Arguments
    from mmexp.run.atomic import write_atomic
    from mmexp.run.folder import RunFolder
    from mmexp.run.jsonfile import dumps

    arguments = Arguments("card")
    arguments.add_argument("run")
    arguments.add_argument("--to", default="")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    card = make_card(RunFolder.find(given.run, given.outputs))
    text = dumps(card) if given.json else page(card)
    if given.to:
        write_atomic(Path(given.to), text)
        print(given.to)
    else:
        print(text, end="")
    return 0
