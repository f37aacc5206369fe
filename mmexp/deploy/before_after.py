"""What a smaller model costs and saves: its metric on test with interval, next to its size and latency."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.error import MmexpError
from mmexp.run.summary import RunRow
from mmexp.study.estimate import measured
from mmexp.study.scored import Scored

Row = dict[str, Any]


def metric_of(scored: Scored) -> Row:
    """Return the metric that the best checkpoint was chosen by, on test, with its interval where one follows."""
    key = f"test/{scored.run.monitor.partition('/')[2]}"
    found = measured({key: scored}, key).estimate(lambda value: value(key)).plain()
    return {"metric": key, **found, "value": None if math.isnan(found["value"]) else found["value"]}


def with_drop(rows: Sequence[Row], run: RunRow) -> list[Row]:
    """Return the rows with how much worse each is than the first, in units of the metric; below 0 it is better."""
    sign = -1 if run.mode == "min" else 1
    first = rows[0]["value"]
    return [
        {**row, "drop": None if None in (first, row["value"]) else sign * (first - row["value"]) + 0.0} for row in rows
    ]


def refuse_drop(rows: Sequence[Mapping[str, Any]], most: float | None) -> None:
    """Refuse a model that is too much worse than the first.

    Raises:
        MmexpError: If one is worse by more than ``most``, or by nobody knows how much.
    """
    for row in rows[1:] if most is not None else ():
        if row["drop"] is None or row["drop"] > most:
            raise MmexpError(
                f"{row['way']}: drop of {row['metric']} must be at most {most}, got {row['drop']}. Nothing is kept."
            )
