"""Which runs others stand on: jobs of sweeps, baselines of verdicts, and runs that a config names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmexp.analysis.verdict import BaselineComparison
from mmexp.run.folder import RunFolder
from mmexp.run.start import read_start
from mmexp.run.summary import DONE, RunRow, read_rows
from mmexp.run.sweep import SweepFolder, sweeps

_SHORTEST = 8  # characters of an id by which a config can name a run


def citations(outputs: Path | str, rows: Sequence[RunRow], trashed: Sequence[RunFolder] = ()) -> dict[str, str]:
    """Say of each run that others stand on what these are, by its id.

    Args:
        outputs: Folder of all runs.
        rows: All runs there.
        trashed: Those in its trash, which may be cited too.
    """
    cited = {id: f"job of {sweep.id}" for sweep in sweeps(outputs) for id in _jobs(sweep)}
    aside = read_rows(trashed)
    comparison = BaselineComparison([*aside, *rows])
    for row in rows:
        if row.status == DONE and row.is_fusion:
            cited |= {one.folder.id: f"baseline of {row.folder.id}" for one in comparison.baselines(row)}
    known = [row.folder.id for row in (*rows, *aside)]
    for row in rows:
        cited |= dict.fromkeys(_named(row.folder, known), f"named by {row.folder.id}")
    return cited


def _jobs(sweep: SweepFolder) -> Iterator[str]:
    """Ids of the runs of a sweep, also of those that are no longer where they were."""
    for path in (sweep.path / "jobs").glob("*/run.json"):
        try:
            yield Path(str(json.loads(path.read_bytes())["run"])).name
        except (OSError, ValueError, LookupError, TypeError):
            continue


def _named(folder: RunFolder, known: Sequence[str]) -> Iterator[str]:
    """Ids of the runs that a config names, such as the one whose weights it starts from or its teacher."""
    for text in _texts(read_start(folder)):
        name = text.rstrip("/").rpartition("/")[2]
        if len(name) >= _SHORTEST and name[:_SHORTEST].isdigit():
            yield from (id for id in known if id.startswith(name) and id != folder.id)


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        yield from (text for one in node.values() for text in _texts(one))
    elif isinstance(node, list):
        yield from (text for one in node for text in _texts(one))
