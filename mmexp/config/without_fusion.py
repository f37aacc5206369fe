"""What an experiment sets for its own fusion, and a run without fusion must leave out."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.config.hydra_internal import compose_groups
from mmexp.config.override import read

NO_FUSION = "fusion=none"


def without_fusion(words: Sequence[str]) -> list[str]:
    """Return overrides that take out the fusion of what is typed, and what only that fusion knows."""
    mixed, plain = (compose_groups(read(typed).groups).node.fusion for typed in ([*words, NO_FUSION], [NO_FUSION]))
    return [NO_FUSION, *(f"~fusion.{key}" for key in mixed if key not in plain)]
