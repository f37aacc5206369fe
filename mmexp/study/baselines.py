"""A run with its baselines: trained after it, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmexp.config.compose import read_config
from mmexp.config.config import Config
from mmexp.error import ConfigError
from mmexp.launcher.base import Launcher
from mmexp.run.command import line
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow, neighbours, row
from mmexp.runner.baselines import baselines, fitting
from mmexp.runner.jobs import Job, distinct, missing, results
from mmexp.study.sweep import make_launcher, separate


def read_run(overrides: Sequence[str], config: str = "") -> tuple[Config, Launcher | None]:
    """Compose the config of one run, and build the launcher of its baselines; None if it asks for none.

    Args:
        overrides: As typed; ``launcher=option`` and ``launcher.key=value`` are of the baselines.
        config: File to start from; empty for the defaults.

    Raises:
        ConfigError: If one is not valid, or a launcher or a search is chosen for the run alone.
    """
    words, chosen = separate(overrides)
    composed = read_config(words, config)
    if composed.node.baselines:
        return composed, make_launcher(overrides)
    if chosen:
        rule = "launcher and search are for several jobs, and need -m or baselines=true"
        again = line("train", "-m", *(["--config", config] if config else []), *overrides)
        raise ConfigError(f"mmexp train: {rule}, got {' '.join(chosen)}.", f"Run: {again}")
    return composed, None


def train_baselines(
    folders: Sequence[RunFolder], launch: Callable[[Sequence[Job]], object]
) -> tuple[list[Job], list[RunRow]]:
    """Train the baselines of finished runs, each once, and only those that have not been trained on the same data.

    Args:
        folders: The runs.
        launch: Runs jobs.

    Returns:
        The jobs that were launched, and the runs that are the baselines.

    Raises:
        ConfigError: If the config of a run can't be composed again.
        Stopped: If a signal came.
    """
    jobs = [job for folder in folders for job in baselines(folder)]
    data = {row(folder).fingerprint for folder in folders}

    def trained() -> list[RunRow]:
        return fitting(jobs, [one for one in neighbours(folders) if one.fingerprint in data])

    if todo := missing(jobs, trained()):
        launch(todo)
    return todo, [one for one in results(distinct(jobs), trained()) if one]
