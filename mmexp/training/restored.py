"""The trained model of a run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.config.schema import SLOTS
from mmexp.error import ConfigError
from mmexp.method.base import Method
from mmexp.run import advice
from mmexp.run.checkpoints import intact, listed
from mmexp.run.folder import RunFolder
from mmexp.run.origin import origin, paths_from
from mmexp.task.base import Task
from mmexp.training.experiment import assemble
from mmexp.training.module import ExperimentModule
from mmexp.training.trainer import load_weights


def best_checkpoint(folder: RunFolder) -> Path:
    """Return the best checkpoint of a run, or the last if there is none.

    Raises:
        ConfigError: If it has neither.
    """
    path = next(chain(listed(folder.checkpoints, "best"), intact(folder.checkpoints, "last")), None)
    if path is None or not folder.facts.exists():
        hint = f"Run: {advice.resume(folder)}"
        raise ConfigError(f"run: {folder.id} must have a checkpoint, got none.", hint)
    return path


def restored(folder: RunFolder, root: Mapping[str, Any], facts: Facts) -> ExperimentModule:
    """Build the model of a run and load its best weights; those that the checkpoint leaves out, from their source.

    Args:
        folder: The run.
        root: Its config.
        facts: What its training data knew.

    Raises:
        ConfigError: If the run has no checkpoint that fits.
        DataError: If the checkpoint does not match its hash.
    """
    path, encoders, start = best_checkpoint(folder), root["encoder"], origin(folder)
    if start:
        encoders = {name: {**node, **paths_from(start, node)} for name, node in encoders.items()}
    if not any(one["left"] for one in facts.get("origins", {}).values()):
        encoders = {name: _without_start(node) for name, node in encoders.items()}
    root = {**root, "encoder": encoders}
    method: Method = instantiate("method", root["method"], plugins=root["plugins"])
    task: Task = instantiate("task", facts.bind(root, "task"), plugins=root["plugins"])
    module = assemble(root, facts, task, method)
    load_weights(module, path)
    return module.eval()


def _without_start(node: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in node.items() if key not in SLOTS["encoder"].fetched}
    return {key: _without_start(value) if isinstance(value, Mapping) else value for key, value in known.items()}
