"""``mmexp compare`` as a function."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mmexp.analysis.compare import compare as rank
from mmexp.analysis.verdict import BaselineComparison
from mmexp.analysis.where import unseen
from mmexp.analysis.where import where as select
from mmexp.error import ConfigError
from mmexp.run.collect import to_compare
from mmexp.run.command import first_run
from mmexp.run.summary import neighbours, read_rows


def compare(
    *refs: str | os.PathLike[str],
    by: Sequence[str] = (),
    metric: str = "",
    where: str = "",
    outputs: str | os.PathLike[str] = "outputs",
) -> list[dict[str, Any]]:
    """Rank finished runs, grouped over seeds and folds, and compare each fusion with its baselines.

    Only files are read; torch is not imported.

    Args:
        refs: Runs, their paths or ids, folders of runs, or sweeps; all runs in ``outputs`` if none is given. Of a sweep
            whose trials chose the settings of its last runs, these alone count, unless there is a condition.
        by: Config keys to group by; everything but seed and fold if empty.
        metric: Key to rank by, such as ``test/accuracy``; what the runs monitored, on the test split, if empty.
        where: Condition that the rows must meet, such as ``fusion in [gated, sum] and test/accuracy > .8``.
        outputs: Folder of all runs.

    Returns:
        A dict per group as ``mmexp compare --json`` prints it, best first; groups on other tasks or other data follow.

    Raises:
        ConfigError: If there is no such run, no run has such a key or metric, or the condition holds for none.

    Example:
        >>> import mmexp
        >>> best, *others = mmexp.compare(by=["fusion"])  # of all runs in outputs/
        >>> best["metrics"]["test/accuracy"]["mean"] >= others[0]["metrics"]["test/accuracy"]["mean"]
        True
        >>> sorted(best["verdict"])[:6]
        ['baseline', 'compared', 'difference', 'effect_size', 'high', 'holm']
    """
    folder_of_runs = os.fspath(outputs)
    folders, _ = to_compare([os.fspath(ref) for ref in refs], folder_of_runs, with_trials=bool(where))
    if not folders:
        raise ConfigError(f"compare: outputs must hold runs, got none in {folder_of_runs}.", first_run(folder_of_runs))
    known = read_rows(folders)
    everything = rank(known, by, metric)
    shown = rank(select(known, where), by, metric) if where else everything
    baselines = BaselineComparison(neighbours(folders))
    return [
        {**group.plain(), "verdict": verdict and verdict.plain()}
        for one in shown
        for group, verdict in zip(one.groups, baselines.verdicts(one, unseen(one, everything)), strict=True)
    ]
