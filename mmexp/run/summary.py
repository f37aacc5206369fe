"""The summary of one run, and a row for each of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from mmexp.error import DataError
from mmexp.run import provenance
from mmexp.run.folder import RunFolder, runs
from mmexp.run.index import read_all
from mmexp.run.jsonfile import read_json, write_json
from mmexp.run.redact import redact_tree

BROKEN = "broken"
DONE = "done"
as_json = json.JSONEncoder(sort_keys=True, default=str).encode
"""Write any value of a config as a text that can be compared and counted."""


@dataclass(frozen=True)
class RunRow:
    """One run as compare and list see it.

    Args:
        folder: Where it lies.
        status: done, failed, stopped, running, ``running on <host>``, killed, or broken if its files cannot be read.
        reason: Why it is not done, where that is known.
        config: The choices by group, ``seed`` and ``inputs``.
        metrics: Final values by key; None is undefined.
        monitor: Metric by which its best checkpoint was chosen.
        mode: Whether less (min) or more (max) of it is better.
        directions: The same of each metric that declares it, by key.
        tokenize: What its metrics of texts count, such as words; empty if it has none.
        parameters: Weights in all.
        seconds: Training time.
        fingerprint: Of the data.
        key: Of the config: equal for two runs of exactly the same config.
        pretrained: Its inputs whose encoders started from published weights.
        alone: Those of its inputs that the task could be given alone; None if that is not known.
        groups: Of test samples: ``column``, ``number`` and how many were ``seen`` in training; or what is ``likely``.
        permuted: Its metrics with the weights of its fusion permuted among samples; empty if it weighs none.
        epsilon: Of differential privacy, infinite if it was trained privately without noise; None if it was not.
        dirty: Whether the code it ran on differed from its commit.
        resumed: How often it was resumed.
        tags: Words that a user has put on it.
        note: What a user has written on it.
    """

    folder: RunFolder
    status: str
    reason: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    monitor: str = ""
    mode: str = "max"
    directions: Mapping[str, str] = field(default_factory=dict)
    tokenize: str = ""
    parameters: int | None = None
    seconds: float | None = None
    fingerprint: str = ""
    key: str = ""
    pretrained: tuple[str, ...] = ()
    alone: tuple[str, ...] | None = None
    groups: Mapping[str, Any] = field(default_factory=dict)
    permuted: Mapping[str, float | None] = field(default_factory=dict)
    epsilon: float | None = None
    dirty: bool = False
    resumed: int = 0
    tags: tuple[str, ...] = ()
    note: str = ""

    @property
    def inputs(self) -> list[str]:
        """Modalities it was given."""
        return list(self.config.get("inputs") or [])

    @cached_property
    def identity(self) -> str:
        """Its config, data and what its metrics count, as a text: equal for a repetition of the same run."""
        return as_json([self.config, self.fingerprint, self.tokenize])

    @property
    def control(self) -> str | None:
        """What was done to its inputs so that a real result must vanish."""
        return self.config.get("control")

    @property
    def is_fusion(self) -> bool:
        """Whether it fuses several real inputs, so that it must be better than one of them."""
        return len(self.inputs) > 1 and not self.control


_REMEMBERED = tuple(one.name for one in fields(RunRow) if one.name != "folder")


def write(folder: RunFolder, summary: Mapping[str, Any]) -> None:
    """Write ``summary.json``; call it before ``provenance.finish``.

    Args:
        folder: The run.
        summary: ``status``, ``monitor``, ``mode``, ``metrics``, ``directions``, ``parameters`` {total, trained},
            ``seconds`` {train, ...}, ``config`` (the choices by group, seed, inputs), ``key``, ``weights``
            (learned, of what the fusion weighs), ``availability`` (by split, where some samples lack an input:
            number of samples and metrics by which inputs they have; never ranked), ``tokenize`` (what each metric of
            texts counts), ``fingerprint``, ``alone`` (inputs that the task could be given alone), ``anchor`` (of the
            task, None for the joint form), ``skipped`` (number of samples left out), ``groups`` (of test samples),
            ``hardware`` (what it computed on), ``permuted`` (test metrics with the weights of the fusion permuted among
            samples; never ranked) and ``privacy`` (of a private run: epsilon, null without noise, delta,
            and what they were computed from).
    """
    write_json(folder.summary, redact_tree(dict(summary)))


def read(folder: RunFolder) -> dict[str, Any]:
    """Read ``summary.json``.

    Raises:
        FileNotFoundError: If the run has none.
        DataError: If it is not JSON.
    """
    return read_json(folder.summary)


def row(folder: RunFolder) -> RunRow:
    """Read one run; what cannot be read makes it broken, never an error."""
    try:
        summary = read(folder) if folder.summary.exists() else {}
        if summary.get("status") == DONE:
            return _row(folder, DONE, "", summary, _readable(folder.manifest))
        record = read_json(folder.manifest)
        state = provenance.status_of(folder, record)
        if state == DONE:
            return RunRow(folder, BROKEN, f"{folder.summary.name} is missing")
        return _row(folder, state, str(record.get("reason", "")), {**_from_provenance(record), **summary}, record)
    except FileNotFoundError as error:
        return RunRow(folder, BROKEN, f"{Path(error.filename).name} is missing")
    except (DataError, OSError) as error:
        return RunRow(folder, BROKEN, str(error).replace(f"{folder.path}/", ""))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        return RunRow(folder, BROKEN, f"not what mmexp writes ({type(error).__name__}: {error})")


def read_rows(folders: Sequence[RunFolder]) -> list[RunRow]:
    """Read many runs, in their order; see ``run.index`` for what is read anew."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    known = read_all(folders, lambda folder: _plain(row(folder)), lambda one: one["status"] in provenance.ENDS, version)
    return [_from_plain(folder, one) for folder, one in zip(folders, known, strict=True)]


def rows(outputs: Path | str) -> list[RunRow]:
    """Every run in outputs/<name>/<run-id>/, oldest first."""
    return read_rows(runs(outputs))


def neighbours(folders: Iterable[RunFolder]) -> list[RunRow]:
    """Read all runs of the folders' outputs, among which their baselines are."""
    return [one for outputs in {folder.path.parent.parent: None for folder in folders} for one in rows(outputs)]


def _plain(one: RunRow) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _REMEMBERED}


def _from_plain(folder: RunFolder, known: Mapping[str, Any]) -> RunRow:
    """Make a row of what was remembered of it: JSON has lists for tuples."""
    tuples = {name: tuple(known[name]) for name in ("pretrained", "alone", "tags") if known[name] is not None}
    return RunRow(folder, **{**known, **tuples})


def _row(folder: RunFolder, status: str, reason: str, summary: Mapping[str, Any], record: Mapping[str, Any]) -> RunRow:
    written = _readable(folder.annotation)
    return RunRow(
        folder,
        status,
        reason,
        config=dict(summary["config"]),
        metrics={k: v if isinstance(v, (int, float)) else None for k, v in summary.get("metrics", {}).items()},
        monitor=summary.get("monitor", ""),
        mode=summary.get("mode", "max"),
        directions=summary.get("directions", {}),
        tokenize=", ".join(sorted({*summary.get("tokenize", {}).values()})),
        parameters=summary.get("parameters", {}).get("total"),
        seconds=summary.get("seconds", {}).get("train"),
        fingerprint=summary.get("fingerprint", ""),
        key=summary.get("key", ""),
        pretrained=tuple(name.partition(".")[2] for name in summary.get("origins", {})),
        alone=None if summary.get("alone") is None else tuple(summary["alone"]),
        groups=summary.get("groups", {}),
        permuted=summary.get("permuted", {}),
        epsilon=_epsilon(summary.get("privacy")),
        dirty=bool((record.get("git") or {}).get("dirty")),
        resumed=len(record.get("resumed") or ()),
        tags=tuple(map(str, written.get("tags") or ())),
        note=str(written.get("note") or ""),
    )


def _readable(path: Path) -> dict[str, Any]:
    """Read a file that a result does not depend on: nothing if it is missing or broken."""
    with suppress(DataError, OSError):
        return read_json(path)
    return {}


def _epsilon(privacy: Mapping[str, Any] | None) -> float | None:
    if privacy is None:
        return None
    return math.inf if privacy["epsilon"] is None else float(privacy["epsilon"])


def _from_provenance(record: Mapping[str, Any]) -> dict[str, Any]:
    config = {**record.get("config", {}), "seed": record.get("seed")}
    return {"config": config, "fingerprint": record.get("fingerprint", ""), "seconds": {"train": record.get("seconds")}}
