"""The trained model of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmexp.config.facts import Facts
from mmexp.config.fetched import change_fetched
from mmexp.config.instantiate import instantiate
from mmexp.error import ConfigError
from mmexp.method.base import Method
from mmexp.run import advice
from mmexp.run.checkpoints import best_weights
from mmexp.run.folder import RunFolder
from mmexp.run.origin import origin, paths_from
from mmexp.task.base import Task
from mmexp.training.experiment import assemble, encoder_key
from mmexp.training.model_files import without_source
from mmexp.training.module import ExperimentModule
from mmexp.training.trainer import load_weights


def best_checkpoint(folder: RunFolder) -> Path:
    """Return the weights of a package, or the best checkpoint of a run, or the last if there is none.

    Raises:
        ConfigError: If it has neither.
    """
    path = best_weights(folder)
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
    path, start = best_checkpoint(folder), origin(folder)
    left = sources_left(root, facts)
    for name in ("encoder", "task"):
        own = root[name]
        if start:
            own = change_fetched(own, name, lambda node, *_: {**node, **paths_from(start, node)})
        root = {**root, name: without_source(own, name, folder, left)}
    method: Method = instantiate("method", root["method"], plugins=root["plugins"])
    task: Task = instantiate("task", facts.bind(root, "task"), plugins=root["plugins"])
    try:
        module = assemble(root, facts, task, method)
    except ConfigError as fault:
        if left:
            rule = f"Checkpoints of {folder.id} leave frozen weights to their source, which must be there"
            fault.hint = f"{fault.hint}\n{rule}: {', '.join(dict.fromkeys(left.values()))}.".lstrip()
        raise
    load_weights(module, path)
    return module.eval()


def sources_left(root: Mapping[str, Any], facts: Facts) -> dict[str, str]:
    """Return the models that a checkpoint leaves weights to, by the key of their encoder or decoder."""
    left = {name: one["model"] for name, one in facts.get("origins", {}).items() if one["left"]}
    return {
        encoder_key(root, facts, name.split(".")[1]) if name.startswith("encoders.") else name: model
        for name, model in left.items()
    }
