"""A board of runs: how far each is, drawn as a table that fits its terminal, or as lines for a pipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmexp.cli._table import print_table
from mmexp.cli._text import duration, number, printable
from mmexp.run.folder import RunFolder
from mmexp.run.job import JobFolder
from mmexp.run.progress import Progress, progress
from mmexp.run.provenance import RUNNING
from mmexp.run.redact import redact

if TYPE_CHECKING:
    from rich.console import RenderableType

_FIRST = (RUNNING, "failed", "killed", "stopped", "waiting", "pruned", "done")  # where not all rows have room
_COLUMNS = ("job", "status", "epoch", "metric", "speed", "time", "left", "reason")
_FRAME = 7  # lines of a board that are no rows


@dataclass(frozen=True)
class BoardRow:
    """One job or run on the board.

    Args:
        label: What sets it apart.
        status: As of ``JobState``.
        reason: Why it is not done, or where it waits.
        seconds: How long it has taken.
        known: How far its run is; None before there is one.
    """

    label: str
    status: str
    reason: str = ""
    seconds: float | None = None
    known: Progress | None = None

    @property
    def left(self) -> float | None:
        """Seconds to its end, if it runs."""
        return self.known.left if self.known and self.status == RUNNING else None

    def cells(self) -> list[str]:
        """What the table shows, as text."""
        known, running = self.known or Progress(), self.status == RUNNING
        epoch = f"{known.epoch:.3g}/{known.epochs or '?'}" if self.known else ""
        score = f"{known.monitor} {number(known.score)}" if known.score is not None else ""
        speed = f"{known.speed:.3g} steps/s" if known.speed and running else ""
        taken = known.seconds if self.seconds is None else self.seconds
        left = duration(round(self.left)) if self.left is not None else ""
        reason = self.reason if self.status not in (RUNNING, "done") else ""
        cells = [redact(self.label), self.status, epoch, score, speed, duration(round(taken)) if taken else "", left]
        return [printable(cell) for cell in (*cells, redact(reason))]


def row_of_job(job: JobFolder) -> BoardRow:
    """Return the row of a job of a sweep."""
    state, run = job.state(), job.run
    return BoardRow(
        str(job.frozen["label"]), state.status, state.reason, state.seconds or None, progress(run) if run else None
    )


def row_of_run(run: RunFolder, status: str) -> BoardRow:
    """Return the row of a run that belongs to no sweep."""
    return BoardRow(f"{run.name}/{run.id}", status, known=progress(run))


def counted(rows: Sequence[BoardRow]) -> str:
    """Return how many jobs there are of each status, and about how long the rest takes."""
    counts = Counter(row.status for row in rows)
    text = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    seconds = _left(rows)
    return text if seconds is None else f"{text}; about {duration(round(seconds))} left"


def _left(rows: Sequence[BoardRow]) -> float | None:
    """Seconds to the last end, if those that wait take as long as the others, as many at once as run now."""
    running = [row for row in rows if row.status == RUNNING]
    left = [row.left for row in running if row.left is not None]
    if not running or len(left) < len(running):
        return None
    ended = [row.seconds for row in rows if row.status == "done" and row.seconds]
    whole = ended or [row.left + row.known.seconds for row in running if row.left and row.known and row.known.seconds]
    waiting = sum(row.status in ("waiting", "killed", "stopped") for row in rows)
    rest = waiting * sum(whole) / len(whole) if whole else 0.0
    return max(max(left), (sum(left) + rest) / len(running))


def chosen(rows: Sequence[BoardRow], room: int) -> list[BoardRow]:
    """Return as many rows as there is room for, in their order: those that run first, then those that failed."""
    if len(rows) <= room:
        return list(rows)
    rank = {status: i for i, status in enumerate(_FIRST)}
    best = sorted(range(len(rows)), key=lambda i: (rank.get(rows[i].status, 0), i))[: max(1, room)]
    return [rows[i] for i in sorted(best)]


def print_board(title: str, rows: Sequence[BoardRow]) -> None:
    """Print the whole board once; columns that do not fit are named."""
    cells = [row.cells() for row in rows]
    kept = _filled(cells)
    print(printable(f"{title}\n{counted(rows)}"))
    names = [f"{_COLUMNS[i]}{'' if _COLUMNS[i] == 'reason' else '!'}" for i in kept]
    print_table(names, [[row[i] for i in kept] for row in cells], optional=("speed", "time", "epoch", "left"))


def _filled(cells: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that say something."""
    return [i for i, name in enumerate(_COLUMNS) if name in ("job", "status") or any(row[i] for row in cells)]


def board(title: str, rows: Sequence[BoardRow], room: int) -> RenderableType:
    """Draw the board in the lines of a terminal.

    Args:
        title: What is watched.
        rows: Of all jobs.
        room: Lines that there are.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown = chosen(rows, room - _FRAME)
    cells = [row.cells() for row in shown]
    kept = _filled(cells)
    for i in kept:
        table.add_column(_COLUMNS[i], no_wrap=True, overflow="ellipsis")
    for row in cells:
        table.add_row(*(Text(row[i]) for i in kept))
    hidden = Counter(row.status for row in rows) - Counter(row.status for row in shown)
    more = [f"and {', '.join(f'{count} {status}' for status, count in hidden.items())}"] if hidden else []
    return Group(*(Text(printable(line)) for line in (title, counted(rows))), table, *map(Text, more))


def changes(before: Sequence[BoardRow], rows: Sequence[BoardRow]) -> Iterator[str]:
    """Yield a line for each row that has begun, was validated or has ended since."""
    known = {row.label: row for row in before}
    for row in rows:
        earlier = known.get(row.label)
        if earlier is None or (earlier.status, _score(earlier)) != (row.status, _score(row)):
            yield "  ".join(filter(None, row.cells()))


def _score(row: BoardRow) -> float | None:
    return row.known.score if row.known else None
