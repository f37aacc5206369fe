"""Faults a user can fix, each with the exit code of its kind.

Every message reads ``<Where>: <name> must be <rule>, got <value>.``, and its hint ``Run: <what to type>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_MOST = 40  # choices that are listed
FITS = "batch must fit in memory"
"""The rule that a run breaks whose batch is too large, in its message."""


class MmexpError(Exception):
    """A fault that is shown as one panel without a traceback.

    Args:
        message: What is wrong, with rule and value.
        hint: What to type next; empty if the message says it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(MmexpError):
    """Wrong configuration or usage. ``problems`` holds all of them, one line each."""

    exit_code = 2

    def __init__(self, problems: str | Sequence[str], hint: str = "") -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems), hint)


class DataError(MmexpError):
    """Data that is refused.

    Args:
        message: What is wrong, with rule and value.
        sample: Id of the sample, if one is to blame.
        path: File that is to blame, with its line where there is one.
        hint: What to type next.
    """

    exit_code = 3

    def __init__(self, message: str, *, sample: str = "", path: str = "", hint: str = "") -> None:
        where = ", ".join(part for part in (path, f"sample {sample}" if sample else "") if part)
        super().__init__(f"{where}: {message}" if where else message, hint)
        self.sample, self.path = sample, path


class NumericsError(MmexpError):
    """A loss or gradient that is no longer a finite number."""

    exit_code = 4


class ResourceError(MmexpError):
    """Memory, disk or a worker process ran out."""

    exit_code = 5


class Stopped(MmexpError):
    """The run was asked to stop (SIGTERM) and saved its state."""

    exit_code = 143


class Pruned(Stopped):
    """The run was given up by the search of its sweep, because it does not promise to be the best."""

    exit_code = 0


def nearest(value: str, choices: Sequence[str]) -> str:
    """Return ``"Did you mean 'x'?"`` for a choice that is begun or a few strokes away; else the choices."""
    close = min(choices, key=lambda choice: _strokes(value, choice), default="")
    begun = [choice for choice in choices if len(value) >= 3 and choice.startswith(value)]
    if close and _strokes(value, close) <= max(1, (len(value) + 1) // 3):
        return f"Did you mean '{close}'?"
    if len(begun) == 1:
        return f"Did you mean '{begun[0]}'?"
    shown = sorted(choices) if len(choices) <= _MOST else begun or get_close_matches(value, choices, n=5, cutoff=0.0)
    return f"Choose one of{'' if len(choices) <= _MOST else f' {len(choices):,}, such as'}: {', '.join(shown[:_MOST])}."


def _strokes(typed: str, meant: str) -> int:
    """Letters put in, left out, changed or swapped with the next one (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(typed, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(meant, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == other:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]
