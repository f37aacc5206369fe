"""What each way said of single samples, and what these were, as far as the runs keep it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmexp.analysis.comparison import Comparison, Way
from mmexp.analysis.predictions import plain, read_rows, said
from mmexp.run.summary import RunRow


@dataclass(frozen=True)
class Answer:
    """One prediction, and who gave it.

    Args:
        text: As it is written in the row.
        file: Image or audio that was predicted; None if it is text.
        is_right: Whether it equals the target; None where that is no label.
        votes: Number of runs by way.
    """

    text: str
    file: Path | None
    is_right: bool | None
    votes: Mapping[str, int]


@dataclass(frozen=True)
class Asked:
    """One sample.

    Args:
        id: Its id.
        target: What is true of it; empty if that is not known.
        answers: The most frequent one first.
        inputs: By modality, a text or a file in the folder of a run; empty if no run keeps the sample.
    """

    id: str
    target: str
    answers: Sequence[Answer]
    inputs: Mapping[str, str | Path] = field(default_factory=dict)

    @property
    def most(self) -> float:
        """The fraction of runs that gave the most frequent answer."""
        counts = [sum(one.votes.values()) for one in self.answers]
        return max(counts) / sum(counts)


def kept_samples(runs: Sequence[RunRow]) -> dict[str, dict[str, str | Path]]:
    """Return the inputs of the samples that runs keep, by id and modality: a text, or a file."""
    found: dict[str, dict[str, str | Path]] = {}
    for run in runs:
        if run.control or not (index := run.folder.samples / "samples.jsonl").is_file():
            continue
        for line in index.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                row = json.loads(line)
                inputs = {str(k): _input(run.folder.samples, v) for k, v in row["inputs"].items()}
            except (ValueError, LookupError, TypeError, AttributeError):
                continue
            found.setdefault(str(row["id"]), {}).update({k: v for k, v in inputs.items() if v is not None})
    return found


def asked(comparison: Comparison, most: int) -> list[Asked]:
    """Return samples with all answers: first those that runs keep, then those on which the runs agree least.

    Args:
        comparison: Whose runs are read.
        most: How many.
    """
    rows: dict[str, list[tuple[Way, RunRow, Mapping[str, Any]]]] = {}
    for way in comparison.ways:
        for run in way.group.runs:
            if not run.control:
                for row in read_rows(run, comparison.ranking.metric):
                    rows.setdefault(str(row["id"]), []).append((way, run, row))
    kept = kept_samples([run for way in comparison.ways for run in way.group.runs])
    found = [_asked(name, own, kept.get(name, {})) for name, own in rows.items()]
    known = [one for one in found if one.answers]
    return sorted(known, key=lambda one: (not one.inputs, one.most))[:most]


def _asked(name: str, rows: Sequence[tuple[Way, RunRow, Mapping[str, Any]]], inputs: Mapping[str, str | Path]) -> Asked:
    votes: dict[str, dict[str, int]] = {}
    first: dict[str, tuple[Path | None, bool | None]] = {}
    for way, run, row in rows:
        key = said(row)
        if not key:
            continue
        text = _text(row[key])
        right = plain(row[key]) == plain(row["target"]) if key == "label" and row.get("target") is not None else None
        first.setdefault(text, (_file(run.folder.predictions("test").parent, row[key]), right))
        own = votes.setdefault(text, {})
        own[way.name] = own.get(way.name, 0) + 1
    answers = [Answer(text, *first[text], own) for text, own in votes.items()]
    target = rows[0][2].get("target", rows[0][2].get("references"))
    return Asked(
        name, "" if target is None else _text(target), sorted(answers, key=lambda one: -sum(one.votes.values())), inputs
    )


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else json.dumps(value)


def _input(folder: Path, value: Any) -> str | Path | None:
    return str(value["text"]) if "text" in value else _file(folder, value["file"])


def _file(folder: Path, name: Any) -> Path | None:
    """Return a file that lies in a folder, by its path from there; None for anything else."""
    if not isinstance(name, str) or not name.endswith((".png", ".jpg", ".wav")):
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
