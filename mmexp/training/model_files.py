"""What a run keeps of the files of its pretrained models, so that its checkpoint predicts when their source is gone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmexp.config.schema import SLOTS
from mmexp.encoder.backbone import BackboneEncoder
from mmexp.run.atomic import write_atomic
from mmexp.run.folder import RunFolder
from mmexp.training.model import Model
from mmexp.weights.locate import settings_of


def keep(model: Model, keys: Mapping[str, str], folder: RunFolder) -> None:
    """Copy what is no weights of each model whose weights are all in the checkpoint into the run folder.

    Args:
        model: Built, with its origins.
        keys: Where the node of each encoder stands in the config, such as ``encoder.text``, by modality.
        folder: The run.
    """
    for modality, key in keys.items():
        for name, one in model.encoders[modality].named_modules():
            is_left = model.origins.get(f"encoders.{modality}.{name}".rstrip("."), {}).get("left")
            if isinstance(one, BackboneEncoder) and one.files is not None and not is_left:
                _copy(one.files, kept(folder, f"{key}.{name}".rstrip(".")))


def without_source(node: Mapping[str, Any], key: str, folder: RunFolder) -> dict[str, Any]:
    """Return the node of an encoder that is built without its source, as a checkpoint holds all of its weights.

    Args:
        node: As the run was configured.
        key: Where it stands in the config.
        folder: The run, which may have kept the other files of its models.
    """
    found = {name: value for name, value in node.items() if name not in SLOTS["encoder"].fetched}
    place = {"model": str(kept(folder, key)), "revision": None}
    if kept(folder, key).is_dir():
        found |= {name: value for name, value in place.items() if name in found}
    return {
        name: without_source(value, f"{key}.{name}", folder) if isinstance(value, Mapping) else value
        for name, value in found.items()
    }


def kept(folder: RunFolder, key: str) -> Path:
    """Return where the files of the model of an encoder are kept, or would be."""
    return folder.path / "models" / key.removeprefix("encoder.")


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in settings_of(source):
        if not (target / path.name).exists():
            write_atomic(target / path.name, path.read_bytes())
