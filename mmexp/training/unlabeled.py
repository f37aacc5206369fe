"""Samples of the training split without any target, which few methods learn from."""

from __future__ import annotations

from mmexp.error import ConfigError
from mmexp.training.experiment import Experiment


def refuse_unlabeled(experiment: Experiment) -> None:
    """Make sure that a method takes samples without targets, if there are some.

    Raises:
        ConfigError: If it does not.
    """
    count, name = experiment.data.dataset.unlabeled, type(experiment.method).__name__
    if count and not experiment.method.unlabeled:
        rule = "method: must be one that learns from rows without a target"
        hint = "Set method=pseudo_label, or dataset.split.unlabeled=false and dataset.on_error=skip."
        raise ConfigError(f"{rule}, got {name} and {count} such rows.", hint)
