"""Build a dataset and the kinds of data that it knows from a config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexp.config.instantiate import instantiate
from mmexp.dataset.base import MultimodalDataset
from mmexp.dataset.kind.kinds import Kinds, standard


def build_kinds(root: Mapping[str, Any]) -> Kinds:
    """Build every kind of data below the root key ``kind``; those of mmexp for a config from before there was the key.

    Raises:
        ConfigError: If one cannot be built.
    """
    nodes, plugins = root.get("kind") or {}, root["plugins"]
    built = {name: instantiate("kind", node, plugins=plugins, at=f"kind.{name}") for name, node in nodes.items()}
    return Kinds(built) if built else standard()


def fold_names(root: Mapping[str, Any]) -> list[str]:
    """Return the names of the folds of a dataset, for which its table is read, but no file.

    Raises:
        ConfigError: If the dataset cannot be built as asked, or has no such folds.
    """
    return build_dataset({**root, "folds": None}).fold_names(root["folds"])


def build_dataset(root: Mapping[str, Any]) -> MultimodalDataset:
    """Build the dataset, without reading any data.

    Raises:
        ConfigError: If it cannot be built as asked.
    """
    dataset: MultimodalDataset = instantiate("dataset", root["dataset"], plugins=root["plugins"])
    dataset.kinds = build_kinds(root)
    if root.get("folds") is not None and root.get("fold") is not None:
        dataset.take_fold(root["folds"], root["fold"])
    return dataset
