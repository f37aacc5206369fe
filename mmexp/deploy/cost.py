"""What a model costs: its metric on test next to its size and latency, such as of a teacher and its student."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mmexp.contract import Batch
from mmexp.deploy.agreement import Trial
from mmexp.deploy.before_after import Row, metric_of, refuse_drop, with_drop
from mmexp.deploy.timing import RUNS, WARM
from mmexp.error import ConfigError
from mmexp.inference.evaluate import SplitSamples, split_samples
from mmexp.inference.predictor import Predictor, restore
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow, row
from mmexp.study.scored import score
from mmexp.training.model import Model


def compare_costs(folders: Sequence[RunFolder], overrides: Sequence[str], most: float | None) -> dict[str, Any]:
    """Measure runs one after another, each on its test split.

    Args:
        folders: At least two, the first the one that the others are compared with.
        overrides: Of the config of each, such as ``dataset.root``.
        most: Largest drop of the metric, in its units; None for any.

    Returns:
        ``ways``, a row for each run: ``cost_row`` and the drop; and the number of samples.

    Raises:
        ConfigError: If there is one run, or they do not measure the same metric on the same samples.
        MmexpError: If the metric drops too much.
    """
    if len(folders) < 2:
        raise ConfigError(f"cost: runs must be two or more, got {len(folders)}.")
    rows, first = [], row(folders[0])
    ids: list[str] = []
    for folder in folders:
        trained, run = restore(folder, overrides), row(folder)
        if run.monitor != first.monitor:
            raise ConfigError(f"cost: runs must monitor one metric, got {first.monitor} and {run.monitor}.")
        read = split_samples(trained)
        own = [sample.id for sample in read.samples]
        if ids and own != ids:
            raise ConfigError(f"cost: runs must have the same test samples, got others in {folder.id}.")
        ids = own
        rows.append(cost_row(folder.id, run, trained, read))
    found = with_drop(rows, first)
    refuse_drop(found, most)
    return {"samples": len(ids), "timed": RUNS, "max_drop": most, "ways": found}


def cost_row(way: str, run: RunRow, trained: Predictor, read: SplitSamples) -> Row:
    """Measure a model as it is now.

    Args:
        way: What the row is called.
        run: Row of its run.
        trained: The model.
        read: Its test split.

    Returns:
        The metric with its interval; bytes of the weights and the share of them that is zero; median and 95th
        percentile of the latency of one sample in ms, from tensors to the answer, on the device of the model.
    """
    model = trained.module.model.eval()
    scored = score(trained, read.samples, "test", run, read.dataset.groups("test"))
    one = Trial.of(read.samples, model.transforms).others[0].to(trained.device)
    weights = [value for value in model.state_dict().values() if value.is_floating_point()]
    zeros = sum(int((value == 0).sum()) for value in weights) / sum(value.numel() for value in weights)
    p50, p95 = np.quantile(_seconds(model, one), [0.5, 0.95]) * 1000
    size = {"bytes": sum(w.nbytes for w in weights), "zeros": zeros, "p50_ms": float(p50), "p95_ms": float(p95)}
    return {"way": way, **metric_of(scored), **size}


@torch.inference_mode()
def _seconds(model: Model, one: Batch) -> Sequence[float]:
    found = []
    for _ in range(WARM + RUNS):
        begun = time.perf_counter()
        model(one)
        found.append(time.perf_counter() - begun)
    return found[WARM:]
