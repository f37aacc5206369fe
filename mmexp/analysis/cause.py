"""What may have made the results of two runs differ: data, code, packages and hardware, as the runs recorded them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.packages import CORE, OPTIONAL

Kind = Literal["data", "chance", "config", "code", "packages", "hardware", "idle"]
UNKNOWN = "unknown"
_SHORT = 12  # characters of a hash
_NAMED = 4  # files, packages


@dataclass(frozen=True)
class Cause:
    """One way in which two runs differ.

    Args:
        kind: data, chance, config, code, packages, hardware, or idle for what changes no result.
        what: The key, the package, or what else has a value in both.
        a: Its value in the first run.
        b: Its value in the second one.
        note: What is known of what it does.
        parts: What it is made of, for JSON.
    """

    kind: Kind
    what: str
    a: str
    b: str
    note: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return what is printed as JSON."""
        return {"kind": self.kind, "what": self.what, "a": self.a, "b": self.b, "note": self.note, **self.parts}


@dataclass(frozen=True)
class Record:
    """What a run has recorded of itself; empty where a file is not there or not readable.

    Args:
        provenance: Of manifest.json.
        facts: What the data knew.
        summary: Of a run that is done.
    """

    provenance: Mapping[str, Any]
    facts: Mapping[str, Any]
    summary: Mapping[str, Any]

    @classmethod
    def read(cls, folder: RunFolder) -> Record:
        """Read the files of a run."""
        found: list[dict[str, Any]] = []
        for path in (folder.manifest, folder.facts, folder.summary):
            with suppress(FileNotFoundError, DataError):
                found.append(read_json(path))
                continue
            found.append({})
        return cls(*found)


def recorded_causes(a: Record, b: Record) -> Iterator[Cause]:
    """Yield what differs in data, code, packages and hardware of two runs."""
    yield from _data(a, b)
    yield from _code(a.provenance, b.provenance)
    yield from _packages(a.provenance, b.provenance)
    yield from _hardware(a, b)


def _data(a: Record, b: Record) -> Iterator[Cause]:
    own, other = (str(one.provenance.get("fingerprint") or "")[:_SHORT] for one in (a, b))
    if own != other or not own:
        known = "its results answer another question" if own and other else "what cannot be compared may differ"
        yield Cause("data", "fingerprint", _sized(own, a), _sized(other, b), known)
    yield from _differing("data", "samples left out", [str(one.summary.get("skipped", 0)) for one in (a, b)])


def _differing(kind: Kind, what: str, values: Sequence[str], note: str = "") -> Iterator[Cause]:
    """Yield a cause if the values of the two runs differ."""
    if values[0] != values[1]:
        yield Cause(kind, what, values[0], values[1], note)


def _sized(fingerprint: str, record: Record) -> str:
    sizes = record.facts.get("sizes") or {}
    known = ", ".join(f"{split} {size}" for split, size in sizes.items()) if isinstance(sizes, Mapping) else ""
    return f"{fingerprint or UNKNOWN} {known}".rstrip()


def _code(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Cause]:
    for what, key in (("mmexp", "mmexp"), ("source of mmexp", "source")):
        if (own := str(a.get(key, UNKNOWN))) != (other := str(b.get(key, UNKNOWN))):
            yield Cause("code", what, own, other)
            break
    states = [one.get("git") or {} for one in (a, b)]
    if not any(states) and not (a.get("source") and b.get("source")):
        yield Cause("code", "commit", UNKNOWN, UNKNOWN, "neither run began in a repository")
    yield from _differing("code", "commit", [str(one.get("sha") or "no repository")[:_SHORT] for one in states])
    diffs = [str(one.get("diff") or "") for one in states]
    if diffs[0] != diffs[1]:
        note = "a diff was cut, so there may be more" if any("... cut at" in one for one in diffs) else ""
        yield Cause("code", "changes since the commit", _changed(diffs[0]), _changed(diffs[1]), note)
    files = [sorted(one.get("untracked") or ()) for one in states]
    if files[0] != files[1]:
        names = [_listed(one) or "none" for one in files]
        yield Cause("code", "untracked files", names[0], names[1], "their contents are not kept")


def _changed(diff: str) -> str:
    """The files that a diff changes."""
    return _listed(re.findall(r"^diff --git a/.* b/(.*)$", diff, re.MULTILINE)) or "none"


def _packages(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Cause]:
    if (own := a.get("python", UNKNOWN)) != (other := b.get("python", UNKNOWN)):
        yield Cause("packages", "python", str(own), str(other))
    mine, theirs = (one.get("packages") or {} for one in (a, b))
    differ = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
    for name in sorted(differ, key=lambda one: (_standing(one), one)):
        values = [str(one.get(name, "not installed")) for one in (mine, theirs)]
        yield from _differing("packages" if _standing(name) < len(_USED) else "idle", name, values)


_USED = (*CORE, *OPTIONAL)


def _standing(name: str) -> int:
    return _USED.index(name) if name in _USED else len(_USED)


def _hardware(a: Record, b: Record) -> Iterator[Cause]:
    own, other = (one.summary.get("hardware") or {} for one in (a, b))
    for key in {**own, **other} if own and other else ():
        if own.get(key) != other.get(key):
            yield Cause("hardware", key, str(own.get(key, "-")), str(other.get(key, "-")))
    models = [str((one.provenance.get("cpu") or {}).get("model", UNKNOWN)) for one in (a, b)]
    yield from _differing("hardware", "processor", models)
    yield from _differing("hardware", "platform", [str(one.provenance.get("platform", UNKNOWN)) for one in (a, b)])


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
