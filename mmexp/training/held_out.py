"""Whether a run that another learns from has held out the samples that the other is tested on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmexp.config.facts import Facts
from mmexp.dataset.base import MultimodalDataset
from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.origin import origin

Node = Mapping[str, Any]
_SHOWN = 3


def refuse_learned(key: str, run: RunFolder, there: Node, here: Node, dataset: MultimodalDataset) -> list[str]:
    """Make sure that a run has not learned from the samples of test of one that learns from it.

    It is known of runs on the same data, with another split or fold, that hold predictions of val and test.

    Args:
        key: That names the run, such as ``pretrained``.
        run: It.
        there: Its config.
        here: The config of the one that learns from it.
        dataset: Of that one, prepared.

    Returns:
        A line, if it may have and the dataset lets it pass.

    Raises:
        DataError: If it may have.
    """
    held = held_out(run)
    ours, theirs = place(Path.cwd(), here["dataset"]), place(origin(run) or Path.cwd(), there["dataset"])
    is_same = (ours is not None and ours == theirs) or Facts.read(run.path).get("fingerprint") == dataset.fingerprint()
    learned = [one.id for one in dataset.split("test") if one.id not in held] if held and is_same else []
    if not learned:
        return []
    rule = f"{key}: samples of test must be held out by {run.id} too"
    some = f"{', '.join(learned[:_SHOWN])}{' ...' if len(learned) > _SHOWN else ''}"
    fault = f"{rule}, got {len(learned)} of {len(dataset.split('test'))} that it may have learned from: {some}."
    if not dataset.leak_refused:
        return [fault]
    hint = "Choose a run with the same split or fold, or set dataset.on_leak=warn to go on all the same."
    raise DataError(fault, hint=hint)


def held_out(folder: RunFolder) -> set[str]:
    """Return the ids of the samples of val and test of a run; none if it holds no predictions."""
    files = [path for split in ("val", "test") if (path := folder.predictions(split)).is_file()]
    return {str(json.loads(line)["id"]) for path in files for line in path.read_text(encoding="utf-8").splitlines()}


def place(start: Path, node: Node) -> tuple[str, Path, Any] | None:
    """Return what identifies the table of a dataset, whatever its splits are; None if it lies in no folder."""
    if not isinstance(node.get("root"), str):
        return None
    return node["_target_"], (start / node["root"]).resolve(), node.get("manifest")
