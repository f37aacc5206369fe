"""What a run is doing, on the screen: something that moves on a terminal, a line anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Display

from mmexp.run.signals import raise_received

if TYPE_CHECKING:
    from mmexp.dataset.table.inspection import Progress


@contextmanager
def phase(console: Console, name: str) -> Iterator[Progress]:
    """Show the name of a phase, with the seconds since it began, until the block ends.

    Yields:
        Takes how many steps of how many are done, and draws a bar of them.

    Raises:
        SignalReceived: If a signal to stop came before and was swallowed.
    """
    raise_received()
    if not console.is_terminal or console.quiet:
        console.print(name, highlight=False)
        yield lambda done, total: None
        return
    spinner = (SpinnerColumn(), TextColumn("{task.description}"))
    bar = (BarColumn(), MofNCompleteColumn())
    with Display(*spinner, TimeElapsedColumn(), console=console, transient=True) as display:
        task = display.add_task(name, total=None)

        def progress(done: int, total: int) -> None:
            display.columns = (*spinner, *bar, TimeElapsedColumn())
            display.update(task, completed=done, total=total)

        yield progress
