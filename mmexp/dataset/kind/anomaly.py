"""Anomalies: whether a sample is abnormal."""

from __future__ import annotations

from typing import Any

from mmexp.dataset.kind.base import Kind

_SPELLINGS = {"0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}


class AnomalyKind(Kind):
    """1 for an anomaly, 0 for a normal sample."""

    targets = {"anomaly": ("anomaly",)}
    order = 230
    classed = False

    def check_target(self, value: Any) -> int:
        return read_anomaly(value)


def read_anomaly(value: Any) -> int:
    """Check whether a sample is an anomaly: 1, or 0 for what is normal; true and false will do.

    Raises:
        ValueError: If it is anything else.
    """
    spelling = str(value).strip().lower()
    if spelling not in _SPELLINGS:
        raise ValueError(f"must be 0, 1, true or false, got {value!r}")
    return _SPELLINGS[spelling]
