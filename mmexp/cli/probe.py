"""``mmexp probe``: what a fusion can represent, by questions whose best answer is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.launcher.base import Launcher
    from mmexp.runner.jobs import Job
    from mmexp.study.probe import Findings

HELP = "Find out what fusions can represent."
USAGE = """
mmexp probe [fusion=all] [dataset.interaction=a,b] [key=value ...] [--workers N] [--json] [--outputs FOLDER]

  fusion=a,b        the fusions to try; default: all
  dataset.interaction=a,b  the questions to ask: redundant, unique, noisy, xor, xor3, order, missing; default: all
  dataset.form=F    how they are shown: vector, sequence or image
  key=value         set a value of every run, for instance dim=64 or seed=0,1,2
  --workers N       jobs at once; default: one per processor
  --json            the accuracies as JSON, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs. What has been tried there is not tried again
"""
_STYLES = {"can": "green", "partly": "yellow", "cannot": "red"}


def run(argv: list[str]) -> int:
    """Probe; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.config.compose import compose
    from mmexp.config.override import expand
    from mmexp.run.jsonfile import dumps
    from mmexp.run.machine import cpu_count
    from mmexp.run.summary import rows
    from mmexp.runner.jobs import missing, results
    from mmexp.study.probe import Findings
    from mmexp.study.sweep import make_launcher, read_jobs, separate

    arguments = Arguments("probe")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("--workers", type=int)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    words, chosen = separate(given.overrides)
    workers = given.workers if given.workers is not None or chosen else cpu_count()
    launcher = make_launcher([*given.overrides, *([] if workers is None else [f"launcher.workers={workers}"])])
    proposals = expand([*_completed(words), f"outputs={given.outputs}"])
    jobs = read_jobs(proposals, ["mmexp", "train"], compose)
    failed = _train(missing(jobs, rows(given.outputs)), launcher)
    findings = Findings.read(results(jobs, rows(given.outputs)))
    if given.json:
        print(dumps(findings.plain()), end="")
    else:
        _show(findings)
    return int(failed)


def _train(jobs: Sequence[Job], launcher: Launcher) -> bool:
    """Run the jobs, a line each on stderr, and return whether one has failed."""
    from mmexp.cli._text import printable
    from mmexp.run.redact import redact
    from mmexp.runner.jobs import has_failed

    def report(job: Job) -> None:
        if job.status != "running":
            ended = sum(one.status not in ("waiting", "running") for one in jobs)
            shown = redact(f"{job.label}  {job.status}  {job.reason}")
            print(printable(f"[{ended}/{len(jobs)}] {shown}"), file=sys.stderr)

    if jobs:
        launcher.launch(jobs, report)
    return has_failed(jobs)


def _completed(overrides: Sequence[str]) -> list[str]:
    """Words of the sweep: all fusions and all questions where none is named."""
    from mmexp.cli.list import groups
    from mmexp.dataset.synthetic.interactions.rule import RULES

    every = f"fusion={','.join(name for name in groups()['fusion'] if name != 'none')}"
    words = [every if word == "fusion=all" else word for word in overrides]
    keys = {word.partition("=")[0] for word in words}
    if "fusion" not in keys:
        words.insert(0, every)
    if "dataset.interaction" not in keys:
        words.append(f"dataset.interaction={','.join(RULES)}")
    return ["experiment=probe", *words]


def _show(findings: Findings) -> None:
    from mmexp.cli._table import NARROW, print_table
    from mmexp.cli._text import console

    if not findings.accuracy:
        return
    screen = console()
    if screen.width < NARROW:
        print_table(["fusion", *findings.bounds], _rows(findings))
    else:
        screen.print(_table(findings))
    for line in _words(findings):
        screen.print(line, soft_wrap=True)


def _rows(findings: Findings) -> Iterator[list[str]]:
    """Accuracies as text, a row for each fusion."""
    for fusion in findings.ranked():
        values = [findings.accuracy[fusion].get(question) for question in findings.bounds]
        yield [fusion, *("-" if value is None else f"{value:.2f}" for value in values)]


def _table(findings: Findings) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="test accuracy", title_justify="left")
    table.add_column("fusion", no_wrap=True)
    for question in findings.bounds:
        table.add_column(question, justify="right")
    for fusion in findings.ranked():
        cells = []
        for question, bounds in findings.bounds.items():
            value = findings.accuracy[fusion].get(question)
            style = "" if value is None else _STYLES[bounds.verdict(value)]
            cells.append(Text("-" if value is None else f"{value:.2f}", style))
        table.add_row(fusion, *cells)
    table.add_section()
    for name, meaning in (("optimal", "best possible"), ("single", "best single input"), ("chance", "chance")):
        table.add_row(meaning, *(f"{getattr(bounds, name):.2f}" for bounds in findings.bounds.values()), style="dim")
    return table


def _words(findings: Findings) -> Iterator[str]:
    """What each fusion can do, a line each."""
    for fusion in findings.ranked():
        skills = findings.skills(fusion)
        parts = [f"{verdict} {', '.join(known)}" for verdict, known in skills.items() if known]
        yield f"{fusion}: {'; '.join(parts)}"
