"""The reproduction card of a run: all that it takes to train it again, and to see whether it came out the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmexp.analysis.cause import Record
from mmexp.analysis.interval import interval
from mmexp.error import ConfigError
from mmexp.run.checkpoints import sha256_of, sha256_of_tensors
from mmexp.run.folder import ID, RunFolder, checked_name
from mmexp.run.jsonfile import write_json
from mmexp.run.redact import MARK, redact_tree
from mmexp.run.start import read_start
from mmexp.run.summary import DONE, row

FORMAT = 1
_FACTS = ("fingerprint", "sizes", "inputs", "modalities", "table")
_OF_ONE_MACHINE = ("host", "pid")
_BLOCK = re.compile(r"^```json\n(\{.*?^\})\n```$", re.MULTILINE | re.DOTALL)
_LARGEST = 20_000_000  # bytes
Card = Mapping[str, Any]


def make_card(folder: RunFolder) -> dict[str, Any]:
    """Gather what the files of a finished run say, without secrets, and without the home folder of whoever ran it.

    Args:
        folder: The run.

    Raises:
        ConfigError: If it is not done.
    """
    own = row(folder)
    if own.status != DONE:
        raise ConfigError(f"card: run must be done, got {folder.id}, which is {own.status}.")
    record = Record.read(folder)
    kinds = {name: {"kind": one.get("kind", name)} for name, one in record.facts.get("modality", {}).items()}
    found: dict[str, Any] = {
        "format": FORMAT,
        "run": f"{folder.name}/{folder.id}",
        "manifest": {key: value for key, value in record.provenance.items() if key not in _OF_ONE_MACHINE},
        "config": read_start(folder),
        "facts": {key: record.facts[key] for key in _FACTS if key in record.facts} | {"modality": kinds},
        "summary": record.summary,
        "intervals": dict(_intervals(folder)),
        "hashes": hashes(folder),
    }
    return dict(_without_home(redact_tree(found)))


def hashes(folder: RunFolder) -> dict[str, str]:
    """Return the hashes of what a run has learned and predicted, of the files that are there."""
    best = folder.checkpoints / str(Record.read(folder).summary.get("best", ""))
    found = {"tensors": sha256_of_tensors(best), "checkpoint": sha256_of(best)} if best.is_file() else {}
    paths = {f"predictions/{path.name}": path for path in sorted(folder.predictions("test").parent.glob("*.jsonl"))}
    return {
        key: value for key, value in {**found, **{key: sha256_of(path) for key, path in paths.items()}}.items() if value
    }


def read_card(path: Path) -> dict[str, Any]:
    """Read a card back from its page.

    Raises:
        ConfigError: If the file is none.
    """
    rule = f"card: {path} must be a page that mmexp card has written"
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{rule}, got one of {path.stat().st_size} bytes.")
        found = [json.loads(block) for block in _BLOCK.findall(path.read_text(encoding="utf-8"))][-1:]
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{rule}, got {error}.") from error
    if not found or found[0].get("format") != FORMAT:
        raise ConfigError(f"{rule}, got {'another format' if found else 'none'}.")
    return dict(found[0])


def unpack(card: Card, parent: Path) -> RunFolder:
    """Write the files of a run that a card holds, so that it can be compared with others.

    Args:
        card: From ``read_card``; whoever wrote it is not trusted.
        parent: An empty folder.

    Raises:
        ConfigError: If the name of the run is no plain one, or a part is lacking.
    """
    name, _, run = str(card.get("run")).partition("/")
    if not ID.fullmatch(run):
        raise ConfigError(f"card: run must be NAME/ID, got {card.get('run')!r}.")
    parts = {key: card.get(key) for key in ("manifest", "summary", "facts", "config")}
    if lacking := [key for key, part in parts.items() if not isinstance(part, dict) or not part]:
        raise ConfigError(f"card: {lacking[0]} must hold keys with values, got {parts[lacking[0]]!r}.")
    folder = RunFolder(parent / checked_name(name) / run)
    folder.path.mkdir(parents=True)
    write_json(folder.manifest, parts["manifest"])
    write_json(folder.summary, parts["summary"])
    write_json(folder.facts, parts["facts"])
    config = _at_home(parts["config"])
    write_json(folder.start, {"sha256": "", "config": config})
    write_json(folder.config, config)  # JSON is YAML
    return folder


def caveats(card: Card) -> Iterator[str]:
    """Yield what of the run cannot be repeated exactly, or is not known, a sentence each."""
    hardware, manifest = card["summary"].get("hardware", {}), card["manifest"]
    if hardware.get("accelerator") == "gpu":
        yield "It was computed on a GPU, whose sums have no fixed order: expect the same only within seed noise."
    else:
        threads = f"{hardware['threads']} threads" if "threads" in hardware else "the same number of threads"
        yield f"On a CPU it repeats bit for bit with {threads} on such a processor and with these packages."
    if hardware.get("devices", 1) > 1:
        yield f"{hardware['devices']} processes sum their gradients in an order that may vary."
    if str(hardware.get("precision", "")).endswith("mixed"):
        yield f"Numbers of {hardware['precision']} are rounded otherwise by processors of another kind."
    git = manifest.get("git") or {}
    if not git:
        yield "The code around mmexp is not known: the run did not begin in a git repository."
    if git.get("untracked"):
        yield f"Contents of {len(git['untracked'])} untracked files are not kept: {', '.join(git['untracked'][:8])}."
    if "... cut at" in str(git.get("diff", "")):
        yield "The diff was cut; the rest of it is not kept."
    if not manifest.get("fingerprint"):
        yield "The data has no fingerprint, so other data would not be noticed."
    if manifest.get("resumed"):
        yield f"The run was resumed {len(manifest['resumed'])} times."
    if MARK in json.dumps([card["config"], manifest.get("command")]):
        yield f"A value was secret and reads {MARK}: it has to be typed again."
    yield "Seconds vary from run to run."


def _intervals(folder: RunFolder) -> Iterator[tuple[str, dict[str, Any]]]:
    own = row(folder)
    for key in own.metrics:
        if found := interval(own, key):
            yield (
                key,
                {"low": found.low, "high": found.high, "n": found.pairs, "over": found.over, "method": found.method},
            )


def _without_home(value: Any) -> Any:
    with suppress(RuntimeError):
        return _replaced(value, f"{Path.home()}/", "~/")
    return value


def _at_home(value: Any) -> Any:
    with suppress(RuntimeError):
        return _replaced(value, "~/", f"{Path.home()}/")
    return value


def _replaced(value: Any, before: str, after: str) -> Any:
    """Replace what texts in a structure begin with."""
    if isinstance(value, str):
        return after + value.removeprefix(before) if value.startswith(before) else value
    if isinstance(value, Mapping):
        return {key: _replaced(one, before, after) for key, one in value.items()}
    return [_replaced(one, before, after) for one in value] if isinstance(value, list) else value
