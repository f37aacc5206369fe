"""``mmexp train`` as a function."""

from __future__ import annotations

import os

from rich.console import Console

from mmexp.api.run import Run
from mmexp.config.compose import read_config
from mmexp.error import ConfigError
from mmexp.run.command import line
from mmexp.runner.run import run_training


def train(*overrides: str, config: str | os.PathLike[str] = "", quiet: bool = False) -> Run:
    """Train one experiment, evaluate its best checkpoint on val and test, and return the run.

    Args:
        overrides: As after ``mmexp train``: ``task=captioning``, ``training.epochs=5``, ``resume=last`` ...
        config: ``config.yaml`` of a run, or its folder, to start from instead of the defaults.
        quiet: Show no progress.

    Raises:
        ConfigError: If the config is not valid, with all its problems; or if it asks for baselines.
        DataError: If the data is refused.
        NumericsError: If a loss or a weight is no longer finite.
        Stopped: If it was asked to stop; the run can be resumed.

    Example:
        >>> import mmexp
        >>> tiny = ["dim=16", "inputs=[image,text]", "dataset.sizes=[8,4,4]", "training.epochs=1"]
        >>> run = mmexp.train("task=regression", "fusion=sum", *tiny, quiet=True)
        >>> run.status, run.folder.name
        ('done', 'regression-sum')
        >>> sorted(run.metrics)
        ['test/loss', 'test/mae', 'test/pearson', 'val/loss', 'val/mae', 'val/pearson']
    """
    path = os.fspath(config)
    composed = read_config(overrides, path)
    command = ["mmexp", "train", *(["--config", path] if path else []), *overrides]
    if composed.node.baselines:
        rule = "baselines must be false, as one call trains one run"
        raise ConfigError(f"train: {rule}, got true.", f"Run: {line(*command[1:])}")
    return Run(run_training(composed, command, Console(quiet=quiet)))
