"""Faults a user can fix, each with the exit code of its kind.

Every message reads ``<Where>: <name> must be <rule>, got <value>.``, and its hint ``Run: <what to type>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


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


def nearest(value: str, choices: Sequence[str]) -> str:
    """Return ``"Did you mean 'x'?"`` for the nearest choice, else the list of all choices."""
    close = get_close_matches(value, choices, n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else f"Choose one of: {', '.join(sorted(choices))}."
