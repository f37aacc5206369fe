"""Words of a command line, quoted for Hydra and for the shell: what a message says to type works as it stands."""

from __future__ import annotations

import re
import shlex

OUTPUTS = "outputs"
"""Folder of all runs, unless another is named."""
_PLAIN = re.compile(r"(?!(null|true|false)$)[\w./+-]+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+(_\d+)*)?\.?\d*(e[+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)


def override(key: str, value: str) -> str:
    """Return ``key=value`` as one word; a text that Hydra would take for something else is put in its quotes."""
    plain = _PLAIN.fullmatch(value) and not _NUMBER.fullmatch(value)
    return f"{key}={value}" if plain else f"{key}={quoted(value)}"


def quoted(value: str) -> str:
    """Return a text in Hydra's quotes; a backslash counts before a quote and at the end."""
    mark = "'" if '"' in value else '"'
    return mark + re.sub(rf"(\\*)({mark}|\Z)", lambda f: f[1] * 2 + ("\\" + mark if f[2] else ""), value) + mark


def line(*words: str) -> str:
    """Return what to type after the prompt: ``mmexp`` and the words."""
    return shlex.join(("mmexp", *words))


def first_run(outputs: object = OUTPUTS) -> str:
    """Return the hint for a folder without runs: how to train the first one there."""
    return f"Run: {line('train', *([] if str(outputs) == OUTPUTS else [override('outputs', str(outputs))]))}"
