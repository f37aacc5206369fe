"""What a run and its baselines share: the question that they are different answers to."""

from __future__ import annotations

from mmexp.config.schema import role_of, root_of
from mmexp.run.summary import RunRow, as_json


def question(row: RunRow) -> str:
    """What a run and its baselines share: the data, the seed and all of the config that is not the fusion's.

    Of runs that were tuned with one budget, the settings that each was tuned to are its own too.
    """
    shared = {key: value for key, value in row.config.items() if not _may_differ(key)}
    if "fair" in shared:  # each has the width at which it costs what the others do
        del shared["dim"]
    if "tuned" in shared:
        shared = {key: value for key, value in shared.items() if key == "tuned" or _is_asked(key)}
    return as_json([row.fingerprint, shared])


def _is_asked(key: str) -> bool:
    """Whether a key says what is asked and of which repetition, and not how it is answered."""
    return role_of(key).ranked_apart or role_of(key).kind == "repetition"


def fusion_of(row: RunRow) -> str:
    """How a run fuses."""
    return as_json({key: value for key, value in row.config.items() if root_of(key) == "fusion"})


def _may_differ(key: str) -> bool:
    """Whether a run and its baselines may differ in a config key, such as ``inputs`` and ``pool@fusion.pool``."""
    return root_of(key) == "fusion" or role_of(key).of_baseline
