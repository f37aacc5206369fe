"""A reproduction card as Markdown, with all of it as JSON at its end."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from mmexp.analysis.card import Card, caveats
from mmexp.config.description import describe
from mmexp.run.jsonfile import dumps
from mmexp.run.packages import CORE, OPTIONAL


def page(card: Card) -> str:
    """Return a card as a page of Markdown.

    Args:
        card: From ``make_card``.
    """
    parts = [
        f"# {_plain(card['run'])}",
        _fenced("console", shlex.join(map(str, card["manifest"].get("command", ())))),
        _list(_what(card)),
        "## Result",
        _metrics(card),
        "## Data",
        _list(_data(card)),
        "## Code",
        _list(_code(card["manifest"])),
        *_diff(card["manifest"].get("git") or {}),
        "## Packages and hardware",
        _list(_machine(card)),
        "## Weights",
        _list(_weights(card)),
        "## What may come out otherwise",
        _list(caveats(card)),
        "## All of it",
        "`mmexp rerun THIS_FILE` trains it again and says whether it came out the same.",
        _fenced("json", dumps(card).rstrip()),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _what(card: Card) -> Iterator[str]:
    manifest, summary = card["manifest"], card["summary"]
    yield f"config hash {summary.get('key', 'unknown')}, seed {manifest.get('seed')}"
    yield f"begun {manifest.get('started')}, {manifest.get('status')}, mmexp {manifest.get('mmexp')}"
    seconds = summary.get("seconds", {})
    yield "cost: " + ", ".join(f"{name} {value:g} s" for name, value in seconds.items() if value is not None)
    if privacy := summary.get("privacy"):
        epsilon = privacy.get("epsilon")
        kept = (
            f"epsilon {epsilon:.3g} at delta {privacy['delta']:.3g}" if epsilon is not None else "no noise, not private"
        )
        yield f"private training: {kept}"


def _metrics(card: Card) -> str:
    lines = ["| metric | value | 95 % | over |", "|---|---|---|---|"]
    for key, value in card["summary"].get("metrics", {}).items():
        found = card["intervals"].get(key)
        ends = f"{found['low']:.4g} to {found['high']:.4g}" if found else ""
        over = f"{found['n']} {found['over']}" if found else ""
        lines.append(f"| {_plain(key)} | {'-' if value is None else format(value, '.6g')} | {ends} | {over} |")
    methods = dict.fromkeys(one["method"] for one in card["intervals"].values())
    note = f"\n\nIntervals: {'; '.join(methods)}; without the spread over seeds." if methods else ""
    return "\n".join(lines) + note


def _data(card: Card) -> Iterator[str]:
    facts, node = card["facts"], card["config"].get("dataset") or {}
    yield f"fingerprint {card['manifest'].get('fingerprint') or 'unknown'}"
    if sizes := facts.get("sizes"):
        yield "samples: " + ", ".join(f"{split} {size}" for split, size in sizes.items())
    if skipped := card["summary"].get("skipped"):
        yield f"{skipped} samples could not be read and were left out"
    if known := describe(str(node.get("_target_", ""))):
        yield f"{known.name}: {_plain(known.doc.partition(chr(10))[0])}"
        yield from (f"source: {one}" for one in re.findall(r"^Source: (.*)$", known.doc, re.MULTILINE))
    places = {key: node[key] for key in ("root", "manifest", "path", "name") if isinstance(node.get(key), str)}
    yield from (f"{key}: {_plain(value)}" for key, value in places.items())


def _code(manifest: Any) -> Iterator[str]:
    yield f"mmexp {manifest.get('mmexp')}, hash of its source {manifest.get('source', 'unknown')}"
    git = manifest.get("git") or {}
    if git:
        yield f"commit {git['sha']}, {'with the changes below' if git.get('dirty') else 'unchanged'}"
    if git.get("untracked"):
        yield f"untracked: {_plain(', '.join(git['untracked']))}"


def _diff(git: Any) -> list[str]:
    return [_fenced("diff", str(git["diff"]).rstrip())] if git.get("diff") else []


def _machine(card: Card) -> Iterator[str]:
    manifest, packages = card["manifest"], card["manifest"].get("packages", {})
    cpu = manifest.get("cpu", {})
    yield f"Python {manifest.get('python')}, {manifest.get('platform')}"
    yield f"{cpu.get('model')}, {cpu.get('count')} cores"
    yield from (f"{key}: {value}" for key, value in card["summary"].get("hardware", {}).items())
    yield ", ".join(f"{name} {packages[name]}" for name in (*CORE, *OPTIONAL) if name in packages)


def _weights(card: Card) -> Iterator[str]:
    summary = card["summary"]
    size, best = summary.get("parameters", {}), summary.get("best")
    yield f"{size.get('total')} weights, {size.get('trained')} of them trained; best checkpoint {best}"
    yield from (f"{key}: sha256 {value}" for key, value in card["hashes"].items())
    for name, own in summary.get("origins", {}).items():
        revision = f" at {own['revision']}" if own.get("revision") else ""
        yield f"{_plain(name)} began as {_plain(own.get('model'))}{revision}, sha256 {own.get('sha256')}"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines if line)


def _fenced(kind: str, text: str) -> str:
    """A block of code, whose fence is longer than any in the text, but for JSON, which has none at a line's start."""
    longest = max((len(one) for one in re.findall(r"^`{3,}", text, re.MULTILINE)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def _plain(text: Any) -> str:
    """A text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(str(text).split()))
