"""Cells of a table of results: a score with its spread, a config value, and what a verdict comes to."""

from __future__ import annotations

from mmexp.analysis.compare import Score
from mmexp.analysis.text import number
from mmexp.analysis.verdict import Verdict


def score(one: Score) -> str:
    """Format mean and spread of a metric."""
    return number(one.mean) if one.std is None else f"{number(one.mean)} ± {number(one.std)}"


def cell(value: object) -> str:
    """Format a config value for a table."""
    if value is None:
        return "-"
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def worth(verdict: Verdict | None, interval: bool) -> str:
    """Format a verdict for a table, with or without its interval."""
    if verdict is None:
        return "-"
    if verdict.margin is None:
        return "no baselines"
    amount = f"{verdict.margin.mean:+.3f}" + (f" {verdict.interval or '[?]'}" if interval else "")
    if verdict.is_better:
        return f"{amount} over {verdict.baseline}"
    if verdict.is_worse:
        return f"< {verdict.baseline}: {amount}"
    alone = "" if verdict.adjusted is None or verdict.margin.is_noise else f" (Holm p {verdict.adjusted:.2g})"
    return f"= {verdict.baseline}: {amount}{alone}"
