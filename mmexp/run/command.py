"""Words of a command line, quoted for Hydra and for the shell: what a message says to type works as it stands."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

OUTPUTS = "outputs"
"""Folder of all runs, unless another is named."""
_PLAIN = re.compile(r"(?!(null|true|false)$)[\w./+-]+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"(?![+-]?0\d)[+-]?(\d+(_\d+)*)?\.?\d*(e[+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)


def override(key: str, value: str) -> str:
    """Return ``key=value`` as one word; a text that Hydra would take for something else is put in its quotes."""
    return f"{key}={typed(value)}"


def typed(value: Any) -> str:
    """Return a plain value as Hydra reads it; a text that it would take for something else is put in quotes."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {typed(one)}' for name, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(typed, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _PLAIN.fullmatch(value) and not _NUMBER.fullmatch(value) else quoted(value)


def setting(key: str, value: Any) -> str:
    """Return ``key=value`` as one word of the shell: what is to be added to a command."""
    return shlex.quote(f"{key}={typed(value)}")


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


def list_runs(outputs: object = OUTPUTS) -> str:
    """Return the line that lists the runs of a folder."""
    return line("runs", *([] if str(outputs) == OUTPUTS else ["--outputs", str(outputs)]))
