"""What is read of OmegaConf's nodes that it offers no public name for: the root, the path and null."""

from __future__ import annotations

from typing import Any

from omegaconf import Container, DictConfig, ListConfig


def root_node(node: Container) -> Container:
    """Return the outermost config that a node stands in."""
    return node._get_root()


def full_path(node: DictConfig | ListConfig, key: Any = None) -> str:
    """Return the dotted path of a key of a node, or of the node itself, from the root."""
    return str(node._get_full_key(key) or "")


def is_null(node: Container) -> bool:
    """Whether a dictionary or list is null."""
    return bool(node._is_none())
