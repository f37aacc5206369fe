"""What a run is doing, on the screen: something that moves on a terminal, a line anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def phase(console: Console, name: str) -> Iterator[None]:
    """Show the name of a phase, with the seconds since it began, until the block ends."""
    if not console.is_terminal or console.quiet:
        console.print(name, highlight=False)
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(name, total=None)
        yield
