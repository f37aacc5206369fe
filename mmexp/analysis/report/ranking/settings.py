"""How the configs of the ways differ, defaults resolved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.report.html import Html, scrolled, tag
from mmexp.analysis.report.media import Media
from mmexp.config.schema import role_of
from mmexp.run.command import typed
from mmexp.run.start import read_start

TITLE = "Settings that differ"
POSITION = 80
_LETTERS = 90  # of a value


def show(comparison: Comparison, media: Media) -> Html | None:
    """Return a table of what each way has otherwise than most of them."""
    configs = [dict(_flat(read_start(way.group.runs[0].folder))) for way in comparison.ways]
    usual = _usual(configs)
    own = [{key: value for key, value in one.items() if usual.get(key) != value} for one in configs]
    if len(configs) < 2 or not any(own):
        return None
    rows = [
        tag("tr", tag("th", way.name, scope="row"), tag("td", *_items(mine)))
        for way, mine in zip(comparison.ways, own, strict=True)
    ]
    note = "What the first run of each way has otherwise than most ways; the rest of the config is equal."
    return tag(
        "details",
        tag("summary", f"{len(configs)} configs"),
        scrolled(TITLE, note, ("way", "settings"), [tag("tbody", *rows)]),
    )


def _items(own: Mapping[str, str]) -> list[Html]:
    if not own:
        return [tag("span", "as most", class_="dim")]
    short = {key: value if len(value) <= _LETTERS else f"{value[:_LETTERS]}…" for key, value in own.items()}
    return [tag("code", f"{key}={value}") for key, value in short.items()]


def _flat(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield what is asked and how, by dotted key: neither places nor seeds."""
    for key, value in node.items():
        name = f"{path}.{key}".lstrip(".")
        if not path and (role_of(key).kind != "identity" or key == "choices"):
            continue
        if isinstance(value, Mapping) and value:
            yield from _flat(value, name)
        elif key != "_target_" or name.count(".") == 1:
            yield name, typed(json.loads(json.dumps(value, default=str)))


def _usual(configs: list[dict[str, str]]) -> dict[str, str | None]:
    """Return the most frequent value by key; None where most have no such key."""
    keys = dict.fromkeys(key for one in configs for key in one)
    return {key: Counter(one.get(key) for one in configs).most_common(1)[0][0] for key in keys}
