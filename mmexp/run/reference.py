"""What a user calls a run, where that names none or several."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from mmexp.error import ConfigError
from mmexp.run.command import first_run


def not_one(ref: str, matches: Sequence[str], known: Sequence[str], outputs: object) -> ConfigError:
    """Return what to raise for a name that is not that of one run.

    Args:
        ref: What was typed.
        matches: Runs that it names, as <name>/<id>.
        known: Ids of all runs.
        outputs: Folder of all runs.
    """
    if matches:
        names = ", ".join(matches[:5])
        return ConfigError(f"run: id must name one run, got '{ref}' for {len(matches)}.", f"Choose one of: {names}.")
    if not known:
        return ConfigError(f"run: id must name a run, got '{ref}' but {outputs} holds none.", first_run(outputs))
    near = get_close_matches(ref, known, n=3, cutoff=0.5) or known[:-4:-1]
    return ConfigError(f"run: id must name a run in {outputs}, got '{ref}'.", f"Nearest: {', '.join(near)}.")
