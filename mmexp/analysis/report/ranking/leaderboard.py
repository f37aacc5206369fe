"""The leaderboard: a row for each way, with its runs and their commands below it."""

from __future__ import annotations

import shlex
from contextlib import suppress

from mmexp.analysis.cell import cell, score, worth
from mmexp.analysis.comparison import Comparison, Way
from mmexp.analysis.report.colour import colour
from mmexp.analysis.report.html import Html, command, join, scrolled, tag
from mmexp.analysis.report.media import Media
from mmexp.analysis.text import count, duration, number
from mmexp.error import DataError
from mmexp.run import advice
from mmexp.run.jsonfile import read_json
from mmexp.run.redact import redact
from mmexp.run.summary import RunRow

TITLE = "Leaderboard"
POSITION = 20
_APART = ("inputs", "fusion", "control")  # columns that the name of a way says


def show(comparison: Comparison, media: Media) -> Html:
    """Return the table with what sorts and filters it."""
    ranking = comparison.ranking
    settings = [key for key in ranking.columns if key not in _APART]
    metrics = list(dict.fromkeys(k for way in comparison.ways for k in way.group.metrics if k.startswith("test/")))
    metrics = [ranking.metric, *(key for key in metrics if key != ranking.metric)]
    heads = [("#", True), ("way", False), *((key, False) for key in settings), ("runs", True)]
    heads += [(metrics[0], True), *([("against its best single input (95 %)", True)] if _is_judged(comparison) else [])]
    heads += [(key, True) for key in ("weights", "train", *metrics[1:])]
    bodies = [_body(way, comparison, settings, metrics, len(heads)) for way in comparison.ways]
    better = "more" if ranking.mode == "max" else "less"
    note = f"Best first by {ranking.metric}; {better} is better. Mean ± standard deviation over runs."
    search = tag("input", type="search", class_="filter", placeholder="Filter rows", aria_label="Filter rows")
    shown = tag("span", f"{len(bodies)} of {len(bodies)} rows", class_="dim shown", role="status")
    name = f"Leaderboard of {comparison.title}"
    return join(tag("p", search, shown), scrolled(name, note, [_head(*one) for one in heads], bodies, "sortable"))


def _head(name: str, is_number: bool) -> Html:
    button = tag("button", name, type="button")
    return tag("th", button, scope="col", class_="num" if is_number else None, aria_sort="none")


def _body(way: Way, comparison: Comparison, settings: list[str], metrics: list[str], columns: int) -> Html:
    group, verdict = way.group, way.verdict
    swatch = tag("span", class_=f"swatch {colour(way, comparison)}", aria_hidden="true")
    cells = [_number(way.position + 1, way.position + 1), tag("th", swatch, way.name, scope="row")]
    cells += [tag("td", cell(group.config.get(key))) for key in settings]
    cells += [_number(len(group.runs), _opener(way)), _score(way, metrics[0])]
    margin = verdict.margin.mean if verdict and verdict.margin and not verdict.is_control else None
    outcome = verdict.outcome if verdict else None
    if _is_judged(comparison):
        cells.append(_number(margin, worth(verdict, True), outcome, verdict.text if verdict else None))
    cells.append(_number(group.average("parameters"), count(group.average("parameters"))))
    cells.append(_number(group.average("seconds"), duration(group.average("seconds"))))
    cells += [_score(way, key) for key in metrics[1:]]
    below = tag("tr", tag("td", _runs(way, metrics[0]), colspan=columns), class_="runs", hidden=True)
    return tag("tbody", tag("tr", *cells), below, data_way=way.position)


def _is_judged(comparison: Comparison) -> bool:
    """Whether any way has a verdict."""
    return any(comparison.verdicts)


def _opener(way: Way) -> Html:
    """Return the button that shows the runs of a way: their number, and that of folds."""
    folds = f" ({len(way.group.folds)} folds)" if way.group.folds else ""
    number, name = f"{len(way.group.runs)}{folds}", f"Runs of {way.name}"
    return tag("button", number, type="button", class_="more", aria_expanded="false", title=name, aria_label=name)


def _score(way: Way, key: str) -> Html:
    found = way.group.score(key)
    return _number(found.mean, score(found))


def _number(value: float | None, text: object, class_: str | None = None, title: str | None = None) -> Html:
    return tag("td", text, class_=f"num {class_ or ''}".strip(), data_value=value, title=title or None)


def _runs(way: Way, metric: str) -> Html:
    """List the runs of a way: the value of each, and what was typed for it."""
    verdict = way.verdict
    words = [tag("p", verdict.text, f". {verdict.hint}" if verdict.hint else "")] if verdict else []
    return tag("div", *words, tag("ul", *(_run(run, metric) for run in way.group.runs)))


def _run(run: RunRow, metric: str) -> Html:
    seed = ", ".join(f"{key} {run.config[key]}" for key in ("seed", "fold") if key in run.config)
    said = f"{seed}: {metric} {number(run.metrics.get(metric))}, "
    return tag("li", said, tag("code", advice.named(run.folder)), tag("br"), command(typed(run)))


def typed(run: RunRow) -> str:
    """Return what was typed to train a run; what trains it again where that is not known."""
    with suppress(DataError, OSError, LookupError, TypeError):
        words = read_json(run.folder.manifest)["command"]
        return redact(shlex.join(map(str, words)))
    return advice.train_from(run.folder)
