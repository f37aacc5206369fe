"""``mmexp ablate``: what each part of a run is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.analysis.ablation import Effect

HELP = "Train a run with one change at a time: inputs left out, blank or shuffled, other values."
USAGE = """
mmexp ablate RUN [RUN ...] [key=value ...] [--workers N] [--new] [--outputs FOLDER]

  RUN               folders, run ids, their beginnings or 'last', that are the same but for seed and fold
  key=value         a change that is trained by itself, for instance fusion=sum or training.modality_dropout=0
  --workers N       jobs at once; default: 1. The same as launcher.workers=N
  --new             begin anew, also if the same ablation was left unfinished
  --outputs FOLDER  folder of all runs; default: outputs

Each input is left out in turn, and all of them are blank and shuffled. A change is compared with RUN of the same seed.
"""


def run(argv: list[str]) -> int:
    """Train the changes and compare them; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("ablate")
    arguments.add_argument("words", nargs="+")
    arguments.add_argument("--workers", type=int)
    arguments.add_argument("--new", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    print("loading libraries", flush=True)
    from mmexp.analysis.ablation import effects
    from mmexp.cli._sweep import run_session
    from mmexp.run.collect import collect
    from mmexp.run.summary import row
    from mmexp.runner.jobs import has_failed
    from mmexp.study.ablate import ablate, begin_ablation, changed
    from mmexp.study.sweep import separate

    words, chosen = separate(given.words)
    if given.workers is not None:
        chosen.append(f"launcher.workers={given.workers}")
    originals = [row(one) for one in collect([word for word in words if "=" not in word] or ["last"], given.outputs)]
    planned = ablate(originals, [word for word in words if "=" in word])
    session = begin_ablation(planned, chosen, again=given.new)
    jobs = run_session(session)
    _show(originals[0].folder.id, effects(originals, changed(session, planned)))
    return int(has_failed(jobs))


def _show(name: str, found: Sequence[Effect]) -> None:
    from mmexp.analysis.holm import SOURCE
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number, printable

    cells = []
    for one in found:
        low, high = one.difference.low, one.difference.high
        interval = "[?]" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"
        p = "" if one.adjusted is None else f"{one.adjusted:.2g}"
        cells.append([one.change, number(one.score), f"{one.difference.mean:+.3f} {interval}", p, one.text])
    print(printable(f"\nchanges of {name}"))
    print_table(["change", "score>", "difference (95 %)!", "p, Holm>", "what it shows"], cells)
    methods = [method for method in dict.fromkeys(one.difference.method for one in found) if method]
    print(printable(f"Differences: {'; '.join([*methods, f'p by {SOURCE} over {len(found)}'])}."))
