"""``mmexp train`` as a function."""

from __future__ import annotations

import os

from rich.console import Console

from mmexp.api.run import Run
from mmexp.error import MmexpError
from mmexp.run import advice
from mmexp.runner.jobs import Job, has_failed
from mmexp.runner.run import run_training
from mmexp.study.baselines import read_run, train_baselines


def train(*overrides: str, config: str | os.PathLike[str] = "", quiet: bool = False) -> Run:
    """Train one experiment, evaluate its best checkpoint on val and test, and return the run.

    With ``baselines=true`` its baselines are trained after it; they lie next to it, and ``mmexp.compare`` ranks them.

    Args:
        overrides: As after ``mmexp train``: ``task=captioning``, ``training.epochs=5``, ``resume=last`` ...
        config: ``config.yaml`` of a run, or its folder, to start from instead of the defaults.
        quiet: Show no progress.

    Raises:
        ConfigError: If the config is not valid, with all its problems.
        DataError: If the data is refused.
        NumericsError: If a loss or a weight is no longer finite.
        MmexpError: If a baseline has failed; the run itself is done.
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
    composed, launcher = read_run(overrides, path)
    command = ["mmexp", "train", *(["--config", path] if path else []), *overrides]
    console = Console(quiet=quiet)
    folder = run_training(composed, command, console)
    if launcher:

        def report(job: Job) -> None:
            console.print(f"{job.label}: {job.status} {job.reason}".rstrip(), highlight=False, markup=False)

        jobs, _ = train_baselines([folder], lambda jobs: launcher.launch(jobs, report))
        if has_failed(jobs):
            failed = "; ".join(f"{job.label} ({job.status}: {job.reason})" for job in jobs if has_failed([job]))
            hint = f"Run: {advice.on_runs('baselines', [folder])}"
            raise MmexpError(f"train: all baselines must be done, got {failed}.", hint)
    return Run(folder)
