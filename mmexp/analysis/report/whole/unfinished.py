"""Runs that are not done, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.report.html import Html, command, scrolled, tag
from mmexp.run import advice
from mmexp.run.redact import redact
from mmexp.run.summary import RunRow

TITLE = "Unfinished runs"
POSITION = 90
_MOST = 100


def show(comparisons: Sequence[Comparison], unfinished: Sequence[RunRow]) -> Html | None:
    """Return a table of them; nothing if all are done."""
    if not unfinished:
        return None
    body = tag("tbody", *(_row(one) for one in unfinished[:_MOST]))
    note = f"{len(unfinished)} runs that no number counts" + (f", {_MOST} shown." if len(unfinished) > _MOST else ".")
    return scrolled(TITLE, note, ("run", "status", "why", "next"), [body])


def _row(run: RunRow) -> Html:
    resumable = run.status in ("killed", "stopped", "failed")
    why = redact(run.reason.partition("\n")[0])
    following = command(advice.resume(run.folder)) if resumable else None
    return tag("tr", tag("th", run.folder.id, scope="row"), tag("td", run.status), tag("td", why), tag("td", following))
