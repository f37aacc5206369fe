"""What OmegaConf offers no public name for: the root and the path of its nodes, and YAML of plain containers."""

from __future__ import annotations

from typing import Any

import yaml
from omegaconf import Container, DictConfig, ListConfig
from omegaconf._utils import get_omega_conf_dumper


def root_node(node: Container) -> Container:
    """Return the outermost config that a node stands in."""
    return node._get_root()


def full_path(node: DictConfig | ListConfig, key: Any = None) -> str:
    """Return the dotted path of a key of a node, or of the node itself, from the root."""
    return str(node._get_full_key(key) or "")


def to_yaml(plain: Any) -> str:
    """Return plain containers as ``OmegaConf.to_yaml`` writes them, without making a config of them first."""
    dumper = get_omega_conf_dumper()
    return str(yaml.dump(plain, Dumper=dumper, default_flow_style=False, allow_unicode=True, sort_keys=False))
