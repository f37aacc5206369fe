"""Prune the weights of a run by magnitude, and say what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn
from torch.nn.utils import prune as torch_prune

from mmexp.config.compose import load_config
from mmexp.deploy.before_after import refuse_drop, with_drop
from mmexp.deploy.cost import cost_row
from mmexp.deploy.folder import new_folder
from mmexp.deploy.package import write_model
from mmexp.deploy.timing import RUNS
from mmexp.error import ConfigError
from mmexp.inference.evaluate import SplitSamples
from mmexp.inference.predictor import Predictor
from mmexp.run.folder import PACKAGE, RunFolder
from mmexp.run.origin import origin, paths_from
from mmexp.run.summary import RunRow
from mmexp.training.model import Model

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Whose weights are pruned; biases, norms and embeddings keep all of theirs."""


def prune(
    run: RunRow,
    trained: Predictor,
    read: SplitSamples,
    *,
    amount: float,
    structured: bool,
    most: float | None,
    to: Path,
) -> dict[str, Any]:
    """Set the smallest weights of a run to zero, and write the result as a folder that stands for a run.

    Args:
        run: Row of the run.
        trained: Its model, whose weights are changed.
        read: Its test split.
        amount: Share of the weights, in (0, 1).
        structured: Prune whole outputs of each layer but those of the task's head, by their L2 norm; else single
            weights of all layers together.
        most: Largest drop of the metric, in its units; None for any.
        to: Folder that is written, in place of an earlier one.

    Returns:
        A row before and one after: metric with interval, drop, bytes, share of zeros and latency.

    Raises:
        ConfigError: If amount is out of its range.
        MmexpError: If the metric drops too much.
    """
    if not 0 < amount < 1:
        raise ConfigError(f"prune: --amount must be above 0 and below 1, got {amount}.")
    model = trained.module.model
    rows = []
    for way in ("before", "after"):
        if way == "after":
            prune_weights(model, amount, structured)
            trained = replace(trained, stores={})  # features that were kept are those of the weights before
        rows.append(cost_row(way, run, trained, read))
    found = with_drop(rows, run)
    refuse_drop(found, most)
    root = load_config(run.folder.config).plain()
    start = origin(run.folder) or Path.cwd()
    root["dataset"] = {**root["dataset"], **paths_from(start, root["dataset"])}
    with new_folder(to, PACKAGE) as place:
        write_model(run.folder, trained, root, RunFolder(place))
    asked = {"amount": amount, "structured": structured, "samples": len(read.samples), "timed": RUNS}
    return {"run": run.folder.id, **asked, "ways": found}


def prune_weights(model: Model, amount: float, structured: bool) -> None:
    """Set weights to zero for good.

    Source: Han et al. 2015, "Learning both Weights and Connections for Efficient Neural Networks",
    https://arxiv.org/abs/1506.02626, section 3, by one threshold for all layers; structured: Li et al. 2017, "Pruning
    Filters for Efficient ConvNets", https://arxiv.org/abs/1608.08710, section 3.1, by the L2 norm.
    """
    for layer in layers(model):
        weight = layer.get_parameter("weight")
        weight.data = weight.data.contiguous()  # torch flattens it, which channels_last does not allow
    if structured:
        parts = [(layer, "weight") for part in (model.encoders, model.fusion) for layer in layers(part)]
        for layer, name in parts:
            torch_prune.ln_structured(layer, name, amount, n=2, dim=0)  # type: ignore[no-untyped-call]
    else:
        parts = [(layer, "weight") for layer in layers(model)]
        torch_prune.global_unstructured(parts, torch_prune.L1Unstructured, amount=amount)
    for layer, name in parts:
        torch_prune.remove(layer, name)  # type: ignore[no-untyped-call]


def layers(part: nn.Module) -> Iterator[nn.Module]:
    """Yield the layers whose weights are pruned."""
    return (layer for layer in part.modules() if isinstance(layer, LAYERS))
