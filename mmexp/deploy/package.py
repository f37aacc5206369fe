"""Pack a run into one folder that predicts anywhere: weights and what makes tensors; no training data, no pickle."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmexp import __version__
from mmexp.config.compose import load_config
from mmexp.config.fetched import without_fetched
from mmexp.config.omegaconf_internal import to_yaml
from mmexp.config.resolve import escaped
from mmexp.config.schema import ROLES
from mmexp.deploy.folder import new_folder
from mmexp.inference.predictor import Predictor
from mmexp.run.atomic import write_atomic
from mmexp.run.checkpoints import sha256_of
from mmexp.run.folder import PACKAGE, RunFolder
from mmexp.run.jsonfile import read_json, write_json
from mmexp.run.origin import origin
from mmexp.run.redact import redact_tree
from mmexp.training.checkpoint import write_weights
from mmexp.training.experiment import encoder_key
from mmexp.training.model_files import keep

COMPONENTS = tuple(name for name, role in ROLES.items() if role.slot)
"""Root keys that hold components, whose arguments may be paths."""
PLACES: Mapping[str, Any] = {"outputs": "outputs", "logger": {}, "pretrained": None, "plugins": []}
"""Root keys that say where a run lay or came from, and what a package says instead."""


def pack(run: RunFolder, trained: Predictor, to: Path) -> dict[str, Any]:
    """Write a package of a run.

    Args:
        run: The run.
        trained: Its model.
        to: Folder that is written, in place of an earlier package.

    Returns:
        What the package says of itself: its run, version, files and their sizes.
    """
    root = without_paths(run, load_config(run.config).plain())
    with new_folder(to, PACKAGE) as place:
        return write_model(run, trained, root, RunFolder(place), trained.task.measured_with)


def write_model(
    run: RunFolder, trained: Predictor, root: Mapping[str, Any], place: RunFolder, left_out: Sequence[str] = ()
) -> dict[str, Any]:
    """Write the model of a run with what makes tensors for it into a new folder, which then stands for the run.

    Args:
        run: The run.
        trained: Its model, whose weights are written.
        root: Its config, as it is to be written.
        place: The folder.
        left_out: Facts whose files are not copied.
    """
    write_atomic(place.config, to_yaml(escaped(redact_tree(dict(root)))))
    _write_facts(run, place, left_out)
    _keep_models(trained, place)
    write_weights(trained.module.state_dict(), place.weights)
    files = sorted(path for path in place.path.rglob("*") if path.is_file())
    sizes = {path.relative_to(place.path).as_posix(): path.stat().st_size for path in files}
    said = {"run": run.id, "mmexp": __version__, "weights": sha256_of(place.weights), "files": sizes}
    write_json(place.path / PACKAGE, said)
    return said


def without_paths(run: RunFolder, root: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config that names no place of this machine: of a path only its last part is left."""
    start = origin(run) or Path.cwd()

    def local(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: item if key == "_target_" else local(item) for key, item in value.items()}
        if isinstance(value, list):
            return [local(item) for item in value]
        is_path = isinstance(value, str) and (os.path.isabs(value) or ("/" in value and (start / value).exists()))
        return Path(value).name if is_path else value

    fetched = {name: without_fetched(root[name], name) for name in ("encoder", "task")}
    parts = {name: local({**root, **fetched}[name]) for name in COMPONENTS if name in root}
    return {**root, **parts, **{name: value for name, value in PLACES.items() if name in root}}


def _write_facts(run: RunFolder, place: RunFolder, left_out: Sequence[str]) -> None:
    """Copy the facts with their files, but those that only metrics read, and stores of features of this machine."""
    facts = read_json(run.facts)
    facts.pop("features", None)
    for one in facts.get("origins", {}).values():
        one["left"] = False
    write_json(place.facts, facts)
    for name, value in facts.items():
        if isinstance(value, Mapping) and "file" in value and name not in left_out:
            shutil.copyfile(run.path / Path(value["file"]).name, place.path / Path(value["file"]).name)


def _keep_models(trained: Predictor, place: RunFolder) -> None:
    """Copy what is no weights of each pretrained model, as if a checkpoint left none to its source."""
    model, known = trained.module.model, trained.module.model.origins
    keys = {name: encoder_key(trained.root, trained.facts, name) for name in trained.facts["inputs"]}
    try:
        model.origins = {name: {**own, "left": False} for name, own in known.items()}
        keep(model, keys, place)
    finally:
        model.origins = known
