"""Metrics by which modalities a sample has, where some lack one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytorch_lightning as pl

from mmexp.contract import Split
from mmexp.training.experiment import Experiment
from mmexp.training.module import ExperimentModule
from mmexp.training.rows import gather_rows


def evaluate_apart(module: ExperimentModule, patterns: Sequence[str], again: Callable[[], None]) -> dict[str, Any]:
    """Evaluate a split once more, the samples of each pattern of modalities apart.

    Args:
        module: Has evaluated the split.
        patterns: Of all samples, those of other processes too, see ``present_inputs``.
        again: Evaluates the split in batches of one pattern each.

    Returns:
        By pattern, such as ``image+text``, ``samples`` and ``metrics``; nothing if all have one.
    """
    counts = Counter(patterns)
    if len(counts) < 2:
        return {}
    module.measure_apart(sorted(counts))
    again()
    module.measure_apart(())
    return {name: {"samples": size, "metrics": module.apart[name]} for name, size in counts.most_common()}


def evaluate_by_inputs(experiment: Experiment, trainer: pl.Trainer, split: Split) -> dict[str, Any]:
    """Evaluate a split that was just evaluated once more by which inputs its samples have, if some lack one."""
    module, run = experiment.module, trainer.validate if split == "val" else trainer.test
    loader = experiment.data.apart(split, module.patterns)
    patterns = gather_rows(module.patterns, trainer.world_size)

    def again() -> None:
        run(module, loader, verbose=False)

    return evaluate_apart(module, patterns, again)
