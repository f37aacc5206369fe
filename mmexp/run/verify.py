"""What is damaged in a run folder, as far as its own files show it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmexp.error import DataError
from mmexp.run.checkpoints import hash_path, is_intact, sha256_of
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.start import is_edited
from mmexp.run.summary import DONE


def verify(folder: RunFolder) -> Iterator[str]:
    """Yield what is damaged, a line each.

    Hashes are kept of checkpoints, of config.yaml, and of the tokenizer; all other files must be what they are named.
    Half a line in metrics.jsonl is no damage: a killed run leaves one, and the next row begins a new line.

    Args:
        folder: The run.
    """
    for path in sorted(folder.checkpoints.glob("*.ckpt")):
        yield from _checkpoint(path)
    if not folder.config.exists():
        yield _line(folder.config, "file must be there", "none")
    elif is_edited(folder):
        yield _line(folder.config, "file must be the one that the run began with", "another hash")
    found: dict[Path, dict[str, Any]] = {}
    for path in _objects(folder):
        yield from _object(path, found)
    yield from _facts(folder, found.get(folder.facts, {}))
    if found.get(folder.manifest, {}).get("status") == DONE:
        yield from _done(folder, found.get(folder.summary, {}))
    for path in sorted([*folder.path.glob("*.jsonl"), *folder.path.glob("predictions/*.jsonl")]):
        yield from _rows(path)


def _objects(folder: RunFolder) -> list[Path]:
    """Files that hold a JSON object: those that every run has, and those that are there."""
    always = [folder.manifest, folder.facts] if folder.checkpoints.exists() else [folder.manifest]
    return sorted({*always, *folder.path.glob("*.json"), *folder.study.glob("*.json")})


def _checkpoint(path: Path) -> Iterator[str]:
    if not hash_path(path).exists():
        yield _line(path, "checkpoint must have its hash next to it", "none")
    elif not is_intact(path):
        yield _line(path, "checkpoint must match the hash stored next to it", "another")


def _object(path: Path, found: dict[Path, dict[str, Any]]) -> Iterator[str]:
    """Read one into ``found``."""
    try:
        found[path] = read_json(path)
    except FileNotFoundError:
        yield _line(path, "file must be there", "none")
    except DataError as error:
        yield str(error)


def _facts(folder: RunFolder, facts: Mapping[str, Any]) -> Iterator[str]:
    """Check the files that the facts name."""
    for value in facts.values():
        if not isinstance(value, Mapping) or "file" not in value:
            continue
        path = folder.path / str(value["file"])
        if not path.is_file():
            yield _line(path, "file must be there", "none")
        elif value.get("sha256", "") not in ("", sha256_of(path)):
            yield _line(path, f"file must match the hash in {folder.facts.name}", "another")


def _done(folder: RunFolder, summary: Mapping[str, Any]) -> Iterator[str]:
    """Check what a finished run leaves."""
    if not folder.summary.exists():
        yield _line(folder.summary, "file must be there, as the run is done", "none")
    best = folder.checkpoints / str(summary.get("best", ""))
    if not best.exists():
        yield _line(best, "checkpoint that was evaluated must be there", "none")


def _rows(path: Path) -> Iterator[str]:
    lines = path.read_bytes().splitlines()
    bad = [number for number, line in enumerate(lines, 1) if line.rstrip().endswith(b"}") and not _is_json(line)]
    if bad:
        yield _line(path, "lines must be JSON", f"another in line {', '.join(map(str, bad[:8]))}")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _line(path: Path, rule: str, got: str) -> str:
    return f"{path}: {rule}, got {got}."
