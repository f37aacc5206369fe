"""Back off from a batch that does not fit in memory: halve it, and take twice as many before each optimizer step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmexp.config.config import Config
from mmexp.error import FITS


def shortages(failures: Sequence[str]) -> int:
    """Return how many of these reasons say that a batch did not fit."""
    return sum(FITS in reason for reason in failures)


def can_halve(config: Config, failures: Sequence[str]) -> bool:
    """Return whether the batch can be halved once per such failure, with the same samples in each step."""
    batch_size: int = config.node.training.batch_size
    return batch_size % (1 << shortages(failures)) == 0


def halved(config: Config, failures: Sequence[str]) -> tuple[Config, list[str]]:
    """Halve the batch, and double the accumulation, once per failure for lack of memory.

    Both count as typed, so that the run and every table of it show them. What depends on the batch itself, such as
    batch norms and contrastive losses, is no longer what it was.

    Returns:
        The config, and the overrides that it differs by; none without such a failure.
    """
    if not (times := shortages(failures)):
        return config, []
    node = config.node.copy()
    node.training.batch_size //= 2**times
    node.training.accumulate *= 2**times
    keys = [f"training.{name}" for name in ("batch_size", "accumulate")]
    words = [f"{key}={node.training[key.partition('.')[2]]}" for key in keys]
    return replace(config, node=node, typed=tuple(dict.fromkeys((*config.typed, *keys)))), words
