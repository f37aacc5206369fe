"""What a run keeps of the files of its pretrained models, so that its checkpoint predicts when their source is gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mmexp.config.fetched import change_fetched
from mmexp.config.role import Slot
from mmexp.encoder.backbone import BackboneModule
from mmexp.run.atomic import write_atomic
from mmexp.run.folder import RunFolder
from mmexp.training.model import Model
from mmexp.weights.locate import settings_of


def keep(model: Model, keys: Mapping[str, str], folder: RunFolder) -> None:
    """Copy what is no weights of each model whose weights are all in the checkpoint into the run folder.

    Args:
        model: Built, with its origins.
        keys: Where the node of each encoder stands in the config, such as ``encoder.text``, by modality; that
            of a decoder stands where its name in the model says.
        folder: The run.
    """
    parts = [(f"encoders.{modality}", key, model.encoders[modality]) for modality, key in keys.items()]
    for place, key, part in [*parts, ("task", "task", model.task)]:
        for name, one in part.named_modules():
            is_left = model.origins.get(f"{place}.{name}".rstrip("."), {}).get("left")
            if isinstance(one, BackboneModule) and one.files is not None and not is_left:
                _copy(one.files, kept(folder, f"{key}.{name}".rstrip(".")))


def without_source(node: Mapping[str, Any], key: str, folder: RunFolder, left: Collection[str] = ()) -> dict[str, Any]:
    """Return a node whose encoders and decoders are built without their source, as a checkpoint holds their weights.

    Args:
        node: As the run was configured.
        key: Where it stands in the config.
        folder: The run, which may have kept the other files of its models.
        left: Keys of those that a checkpoint leaves weights to, which stay as they are.
    """

    def change(known: Mapping[str, Any], path: str, slot: Slot) -> Mapping[str, Any]:
        if any(f"{path}.".startswith(f"{one}.") for one in left):
            return known
        found = {name: value for name, value in known.items() if name not in slot.fetched}
        place = {"model": str(kept(folder, path)), "revision": None} if kept(folder, path).is_dir() else {}
        return found | {name: value for name, value in place.items() if name in found}

    return change_fetched(node, key, change)


def kept(folder: RunFolder, key: str) -> Path:
    """Return where the files of the model of an encoder or decoder are kept, or would be."""
    return folder.path / "models" / key.removeprefix("encoder.")


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in settings_of(source):
        if not (target / path.name).exists():
            write_atomic(target / path.name, path.read_bytes())
