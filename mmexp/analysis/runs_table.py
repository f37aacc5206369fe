"""The table of runs, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmexp.analysis.cell import cell
from mmexp.analysis.column import Column
from mmexp.analysis.run_columns import names, value
from mmexp.analysis.table import Table
from mmexp.analysis.text import number
from mmexp.error import ConfigError, nearest
from mmexp.run.summary import DONE, RunRow


def runs_table(runs: Sequence[RunRow], chosen: Sequence[str] = (), sort: str = "") -> Table:
    """Return a table of runs in their order, with their result or why there is none.

    Args:
        runs: At least one.
        chosen: Names of the columns; by default run, name, status, result, and tags and note if there are any.
        sort: Column to sort by, with a ``-`` in front from the largest on.

    Raises:
        ConfigError: If there is no such column.
    """
    known = [*names(runs), "result"]
    asked = [("--columns", name) for name in chosen] + ([("--sort", sort.removeprefix("-"))] if sort else [])
    if wrong := [(option, name) for option, name in asked if name not in known]:
        rules = [f"runs: {option} must name a column, got '{name}'." for option, name in wrong]
        raise ConfigError(rules, nearest(wrong[0][1], known))
    marks = [name for name in ("tags", "note") if any(value(run, name) for run in runs)]
    columns = [_column(runs, name) for name in chosen or ("run", "name", "status", "result", *marks)]
    order = _column(runs, sort.removeprefix("-")).order if sort else list(range(len(runs)))
    order = order[::-1] if sort.startswith("-") else order
    found = [column.taken(order) for column in columns]
    records = [{column.name: column.values[i] for column in found} for i in range(len(runs))]
    return Table("runs", tuple(found), records=tuple(records))


def _column(runs: Sequence[RunRow], name: str) -> Column:
    values = tuple(_result(run) if name == "result" else value(run, name) for run in runs)
    texts = tuple(_text(one) for one in values)
    return Column(name, values, texts, any(isinstance(one, float) for one in values), name == "run")


def _text(one: Any) -> str:
    if isinstance(one, float):
        return number(one)
    return cell(one or None if isinstance(one, str | list) else one)


def _result(run: RunRow) -> str:
    """Say what a run came to, or why it is not done."""
    if run.status == DONE:
        return f"{run.monitor} {number(run.metrics.get(run.monitor))}"
    return run.reason.partition("\n")[0]
