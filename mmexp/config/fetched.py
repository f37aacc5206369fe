"""Components that may fetch weights, wherever they stand in a config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mmexp.config.role import Slot
from mmexp.config.schema import PART, slot_of

Node = Mapping[str, Any]


def change_fetched(
    node: Node, path: str, change: Callable[[Node, str, Slot], Node], slot: Slot = PART
) -> dict[str, Any]:
    """Return a node in which each component that may fetch weights is changed, and so is what is inside it.

    Args:
        node: At a key path.
        path: The key path.
        change: Takes plain arguments, their key path and the slot of the component that they belong to.
        slot: Of the component that the node is a part of.
    """
    own = slot_of(path) if "_target_" in node else PART
    slot = own if own.fetched else slot
    known = change(node, path, slot) if slot.fetched else node
    return {
        key: change_fetched(value, f"{path}.{key}", change, slot) if isinstance(value, Mapping) else value
        for key, value in known.items()
    }


def without_fetched(node: Node, path: str) -> dict[str, Any]:
    """Return a node without the arguments that only say where weights start from."""
    return change_fetched(node, path, lambda known, _, slot: {k: v for k, v in known.items() if k not in slot.fetched})
