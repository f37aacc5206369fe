"""Text as it is shown: numbers with the digits that are read, names that steer nothing."""

from __future__ import annotations


def printable(text: object) -> str:
    """Return the text with control characters spelled out, so that a name cannot steer the terminal."""
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in shown)


def number(value: float | None) -> str:
    """Format a metric with as many digits as are read: 0.712, 14.1, 2.3e-05; a dash if it is undefined."""
    if value is None:
        return "-"
    size = abs(value)
    if size and size < 0.001:
        return f"{value:.1e}"
    return f"{value:.3f}" if size < 10 else f"{value:.1f}" if size < 10_000 else f"{value:.3g}"


def count(value: float | None) -> str:
    """Format a count: 950, 12.3k, 1.25M; a dash if it is unknown."""
    if value is None:
        return "-"
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """Format a duration: 12 s, 3 min, 1.5 h; a dash if it is unknown."""
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
