"""Text for a terminal, a pipe or a file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mmexp.analysis.text import count, duration, number, printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "count", "duration", "number", "printable"]

_PIPED = 160  # columns, where no terminal sets them


def console(width: int | None = None) -> Console:
    """Return the console of stdout, wide enough when piped; or one of a given width."""
    from rich.console import Console

    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=width or (_PIPED if piped else None), highlight=False, markup=False)
