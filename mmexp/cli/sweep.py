"""``mmexp sweep``: look at a sweep, and resume, retry, extend or stop it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mmexp.error import ConfigError, MmexpError, nearest

if TYPE_CHECKING:
    from argparse import Namespace

    from mmexp.run.sweep import SweepFolder

HELP = "Show, resume, retry, extend or stop a sweep of train -m."
USAGE = """
mmexp sweep status [SWEEP] [--outputs FOLDER]
mmexp sweep resume SWEEP [launcher.key=value ...] [--workers N] [--strict]
mmexp sweep retry SWEEP [launcher.key=value ...] [--workers N] [--strict]
mmexp sweep extend SWEEP key=a,b [...] [search.key=value] [--workers N] [--strict]
mmexp sweep stop SWEEP

  SWEEP             its path, its id, the beginning of it, or 'last'
  status            how far each job is; of all sweeps if none is named
  resume            train what is left; several processes, on machines that share the disk, share the jobs
  retry             the same, and train jobs again that have failed
  extend            add the jobs of other values, for instance seed=3,4, or more trials: search.trials=60
  stop              ask all processes that work on it, wherever they run, to save their state and stop
  --workers N       jobs at once; default: as it was started. The same as launcher.workers=N
  --strict          exit with 3 if a fusion does not beat its best single input
  --outputs FOLDER  folder of all runs; default: outputs
"""
_ACTIONS = ("status", "resume", "retry", "extend", "stop")
_PATIENCE = 30.0  # s to wait for those who were asked to stop


def run(argv: list[str]) -> int:
    """Do what is asked with a sweep; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.sweep import find_sweep, sweeps

    arguments = Arguments("sweep")
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--workers", type=int)
    arguments.add_argument("--strict", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    action, *words = given.words or ["status"]
    if action not in _ACTIONS:
        raise ConfigError(f"mmexp sweep: action must be one that exists, got '{action}'.", nearest(action, _ACTIONS))
    if action == "status" and not words:
        return _list(sweeps(given.outputs))
    if not words:
        raise ConfigError(f"mmexp sweep: SWEEP must be named to {action} it, got none.", "Run: mmexp sweep status")
    folder = find_sweep(words[0], given.outputs)
    if action == "status":
        return _status(folder)
    return _stop(folder) if action == "stop" else _train(action, folder, words[1:], given)


def _list(found: list[SweepFolder]) -> int:
    """Print a line per sweep."""
    from mmexp.cli._table import print_table

    rows = []
    for folder in found:
        counts = _counts(folder)
        state = "over" if folder.is_over() else "running" if folder.is_alive() else "unfinished"
        rows.append(
            [folder.named, state, *(str(counts.get(name, 0)) for name in ("done", "failed", "running")), _asked(folder)]
        )
    print_table(["sweep!", "state", "done>", "failed>", "running>", "asked for"], rows)
    return 0


def _status(folder: SweepFolder) -> int:
    """Print a table of the jobs, and what to type next."""
    from mmexp.cli._table import print_table
    from mmexp.cli._text import duration, number, printable
    from mmexp.run.command import line
    from mmexp.run.summary import row

    rows = []
    for job in folder.jobs:
        state, run = job.state(), job.run
        known = row(run) if run and state.status in ("done", "pruned") else None
        score = f"{known.monitor} {number(known.metrics.get(known.monitor))}" if known and known.monitor else ""
        tries = len(job.attempts)
        time = duration(state.seconds) if state.seconds else ""
        rows.append([job.frozen["label"], state.status, score, time, str(tries), run.id if run else "", state.reason])
    print_table(
        ["job", "status", "score", "time>", "tries>", "run!", "reason"], rows, optional=["time", "tries", "run"]
    )
    counts = _counts(folder)
    print(printable(f"{folder.id}: {', '.join(f'{count} {name}' for name, count in counts.items())}"))
    if note := folder.request.get("note"):
        print(printable(note))
    if folder.is_over():
        print(printable(f"next     {line('compare', folder.named)}"))
    elif not folder.is_alive():
        print(printable(f"next     {folder.line('resume')}"))
    return 0


def _counts(folder: SweepFolder) -> dict[str, int]:
    found = [job.state().status for job in folder.jobs]
    return {status: found.count(status) for status in sorted(set(found))}


def _asked(folder: SweepFolder) -> str:
    from shlex import join

    return join(folder.request["command"][3:])


def _stop(folder: SweepFolder) -> int:
    """Ask everybody to stop, and wait until they have."""
    folder.stop.touch()
    print(f"{folder.id}: asked to stop", flush=True)
    deadline = time.monotonic() + _PATIENCE
    while (running := [job for job in folder.jobs if job.state().status == "running"]) or folder.is_alive():
        if time.monotonic() > deadline:
            raise MmexpError(
                f"{folder.id}: processes must stop within {_PATIENCE:g} s, got {len(running)} jobs running."
            )
        time.sleep(0.2)
    return _status(folder)


def _train(action: str, folder: SweepFolder, words: list[str], given: Namespace) -> int:
    print("loading libraries", flush=True)
    import os
    from pathlib import Path

    from mmexp.cli._sweep import run_sweep
    from mmexp.study.session import extend, resume
    from mmexp.study.sweep import separate

    if given.workers is not None:
        words = [*words, f"launcher.workers={given.workers}"]
    cwd = Path(folder.request["cwd"]).expanduser()
    if cwd.is_dir() and cwd.resolve() != Path.cwd().resolve():
        print(f"in {cwd}, where the sweep was started", flush=True)
        os.chdir(cwd)
    if action == "extend":
        added, words = separate(words, ("launcher", "plugins"))
        extend(folder, added)
    return run_sweep(resume(folder, words, retry=action == "retry"), given.strict)
