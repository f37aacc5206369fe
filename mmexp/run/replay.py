"""The batches that a run failed on, kept so that they can be looked at or trained on again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmexp.run.jsonfile import write_json


def write_replay(path: Path, step: int, reason: str, batches: Mapping[int, Sequence[str]]) -> None:
    """Write the ids of the samples of some batches.

    Args:
        path: The file.
        step: Optimizer step that failed.
        reason: What was not finite.
        batches: Ids of the samples by the number of their batch since the beginning, which with the seed fixes all
            randomness.
    """
    rows = [{"number": number, "ids": list(ids)} for number, ids in batches.items()]
    write_json(path, {"step": step, "reason": reason, "batches": rows})
