"""``mmexp watch``: a live board of a sweep, or of the runs of a folder, in a second terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.cli._board import BoardRow
    from mmexp.run.sweep import SweepFolder

HELP = "Watch a sweep, or the runs of a folder, while they train."
USAGE = """
mmexp watch [SWEEP|FOLDER] [--once] [--every SECONDS] [--outputs FOLDER]

  SWEEP             its path, its id, the beginning of it, or 'last'
  FOLDER            the sweep in it that is worked on, and all other runs that train; default: that of --outputs
  --once            print the board once
  --every SECONDS   look so often; default: 1
  --outputs FOLDER  folder of all runs; default: outputs

It reads files only, so it can be started and left, with Ctrl-C, at any time. Into a pipe or a file it prints a line
when a job begins, was validated, or ends.
"""


@dataclass(frozen=True)
class _Watched:
    """What is watched.

    Args:
        title: Its name.
        look: Returns the rows of the board.
        is_over: Whether nothing of it will change any more.
        end: What to type then; empty if there is nothing.
    """

    title: str
    look: Callable[[], list[BoardRow]]
    is_over: Callable[[], bool]
    end: Callable[[], str] = lambda: ""


def run(argv: list[str]) -> int:
    """Show the board until nothing changes any more; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("watch")
    arguments.add_argument("watched", nargs="?", default="")
    arguments.add_argument("--once", action="store_true")
    arguments.add_argument("--every", type=float, default=1.0)
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    if not given.every > 0:
        raise ConfigError(f"mmexp watch: --every must be above 0 s, got {given.every:g}.", "Run: mmexp watch --help")
    watched = _find(given.watched, given.outputs)
    try:
        return _print(watched) if given.once else _watch(watched, given.every)
    except KeyboardInterrupt:
        return 130
    except FileNotFoundError as error:
        raise ConfigError(f"mmexp watch: {watched.title} must still be there, got none.", "Run: mmexp watch") from error


def _find(ref: str, outputs: str) -> _Watched:
    from mmexp.run.folder import folders_in
    from mmexp.run.sweep import find_sweep, is_sweep, sweeps

    path = Path(ref or outputs)
    if (ref and not path.is_dir()) or is_sweep(path):
        return _of_sweep(find_sweep(ref or outputs, outputs))
    if not any(folders_in(path)):
        from mmexp.run.command import first_run

        raise ConfigError(f"mmexp watch: folder must hold runs, got none in {path}.", first_run(path))
    found = sweeps(path)
    living = [one for one in found if one.is_alive()]
    return _of_sweep(living[-1], path) if living else _of_runs(path, found)


def _of_sweep(folder: SweepFolder, outputs: Path | None = None) -> _Watched:
    """Watch a sweep; with a folder also all runs there that belong to no job of it."""
    from mmexp.cli._board import row_of_job
    from mmexp.run.command import line

    def look() -> list[BoardRow]:
        jobs = folder.jobs
        own = {job.run.path for job in jobs if job.run}
        return [*map(row_of_job, jobs), *(_running(outputs, own) if outputs else [])]

    def is_over() -> bool:
        if folder.is_over() or folder.is_alive():
            return folder.is_over()
        states = [(job.state(), job.queue) for job in folder.jobs]
        return not any(state.status == "running" or (queue and state.is_open) for state, queue in states)

    def end() -> str:
        return line("compare", folder.named) if folder.is_over() else folder.line("resume")

    return _Watched(folder.id, look, is_over, end)


def _of_runs(outputs: Path, found: Sequence[SweepFolder]) -> _Watched:
    """Watch the runs that train; if there are none, the newest sweep."""
    if not _running(outputs) and found:
        return _of_sweep(found[-1])
    return _Watched(str(outputs), lambda: _running(outputs), lambda: not _running(outputs))


def _running(outputs: Path, without: Sequence[Path] | set[Path] = ()) -> list[BoardRow]:
    """Rows of the runs that train: those whose lock is there."""
    from mmexp.cli._board import row_of_run
    from mmexp.run.folder import runs
    from mmexp.run.provenance import RUNNING
    from mmexp.run.summary import row

    found = [run for run in runs(outputs) if run.path.absolute() not in without and run.lock.exists()]
    states = [(run, row(run).status) for run in found]
    return [row_of_run(run, RUNNING) for run, status in states if status.startswith(RUNNING)]


def _print(watched: _Watched) -> int:
    from mmexp.cli._board import print_board

    rows = watched.look()
    if not rows:
        print(f"{watched.title}: no run trains")
        return 0
    print_board(watched.title, rows)
    _print_end(watched)
    return 0


def _print_end(watched: _Watched) -> None:
    from mmexp.cli._text import printable

    if watched.is_over() and (end := watched.end()):
        print(printable(f"next     {end}"))


def _watch(watched: _Watched, every: float) -> int:
    """Look again and again."""
    from mmexp.cli._text import console

    screen = console()
    if not screen.is_terminal:
        return _follow(watched, every)
    from rich.live import Live

    from mmexp.cli._board import board

    def draw() -> object:
        return board(watched.title, watched.look(), screen.height)

    with Live(draw(), console=screen, auto_refresh=False) as live:  # type: ignore[arg-type]
        while not watched.is_over():
            time.sleep(every)
            live.update(draw(), refresh=True)  # type: ignore[arg-type]
    _print_end(watched)
    return 0


def _follow(watched: _Watched, every: float) -> int:
    """Print what has changed, a line each."""
    from mmexp.cli._board import changes, counted

    before: list[BoardRow] = []
    while True:
        over = watched.is_over()
        rows = watched.look()
        for line in changes(before, rows):
            print(line, flush=True)
        before = rows
        if over:
            break
        time.sleep(every)
    print(f"{watched.title}: {counted(before) or 'no run trains'}", flush=True)
    _print_end(watched)
    return 0
