"""The state of the user's code: which commit, and what differs from it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from mmexp.run.redact import redact

_LONGEST = 100_000  # characters of diff
_PATIENCE = 10  # seconds
_QUIET = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotepath=false")


def code_state(folder: Path) -> dict[str, Any] | None:
    """Return ``sha``, ``dirty``, ``untracked`` and the redacted ``diff``, or None outside a repository with commits.

    No program that the repository names (a pager, a diff driver, a file monitor) is started.
    """
    sha = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not sha:
        return None
    raw = _git(folder, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD")
    diff = redact(raw[: 4 * _LONGEST])  # a secret cut in two by this would go unseen, but lies behind the second cut
    untracked = _git(folder, "ls-files", "--others", "--exclude-standard").splitlines()
    cut = f"\n... cut at {_LONGEST} of {len(raw)} characters" if len(diff) > _LONGEST else ""
    return {"sha": sha.strip(), "dirty": bool(diff), "untracked": untracked[:100], "diff": diff[:_LONGEST] + cut}


def _git(folder: Path, *arguments: str) -> str:
    """Output of a git command; empty if it failed, is not installed or took too long."""
    try:
        done = subprocess.run([*_QUIET, *arguments], cwd=folder, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
