"""Gradient blending."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from mmexp.contract import Batch
from mmexp.error import ConfigError
from mmexp.method.base import Method
from mmexp.method.objective import ObjectiveMethod
from mmexp.method.unimodal import add_heads, heads_of
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics

FUSED = "fused"
LEAST = 0.1  # of the largest overfitting, below which none counts


class BlendingMethod(ObjectiveMethod):
    """Train a head on each modality alone next to the fused one: ``L = L_f + sum_m w_m L_m``.

    The weights are given, or come from earlier runs, of each modality alone and of all: in proportion to ``G / O^2``,
    where G is how much val/loss fell from its first to its lowest validation and O how much more the loss of training
    did; below a tenth of the largest, O counts as that. In evaluation the fused head alone answers.

    Logged: ``train/unimodal_<m>``, the loss of each head times its weight.

    Source: Wang et al. 2020, "What Makes Training Multi-Modal Classification Networks Hard?",
    https://arxiv.org/abs/1905.12681, proposition 1 and algorithm 2 (offline). Differs: all weights are divided by
    ``w_f``, which an optimizer such as Adam does not notice; the loss of training is that of its steps, with dropout.

    Args:
        trains: Chooses the weights that are trained; the objective comes in addition.
        weights: By modality, 1 for one that is not named.
        runs: RUN of each modality alone, and of all as ``fused``, to take the weights from; instead of weights.
        outputs: Folder of all runs.

    Raises:
        ValueError: If weights and runs are both given, or a weight is negative.
    """

    def __init__(
        self,
        *,
        trains: Method,
        weights: Mapping[str, float] | None = None,
        runs: Mapping[str, str] | None = None,
        outputs: str = "outputs",
    ) -> None:
        super().__init__(trains=trains)
        if weights and runs:
            raise ValueError("BlendingMethod: weights and runs must not both be given, got both.")
        if wrong := [f"{name}: {value}" for name, value in (weights or {}).items() if value < 0]:
            raise ValueError(f"BlendingMethod: weights must be at least 0, got {wrong[0]}.")
        self.weights, self.runs, self.outputs = dict(weights or {}), dict(runs or {}), outputs

    def prepare(self, model: nn.Module) -> None:
        super().prepare(model)
        heads = add_heads(model, detached=False)
        for key, given, known in (("weights", self.weights, heads.names), ("runs", self.runs, [*heads.names, FUSED])):
            if strange := [name for name in given if name not in known]:
                raise ConfigError(f"method.{key} must be of {', '.join(known)}, got {strange[0]!r}.")
            if key == "runs" and given and (lacking := [name for name in known if name not in given]):
                raise ConfigError(f"method.runs must name one of each of {', '.join(known)}, got none of {lacking[0]}.")

    def losses(self, model: nn.Module, outputs: Mapping[str, Any], batch: Batch) -> dict[str, Tensor]:
        if self.runs:
            folders = {name: RunFolder.find(run, self.outputs) for name, run in self.runs.items()}
            self.weights, self.runs = blend({name: read_metrics(one.metrics) for name, one in folders.items()}), {}
            found = ", ".join(f"{name} {weight:.3g}" for name, weight in self.weights.items())
            logging.getLogger(__name__).info("Weights of the unimodal losses, that of the fused one is 1: %s.", found)
        losses = heads_of(model).losses(batch)
        own = {f"unimodal_{name}": self.weights.get(name, 1.0) * value for name, value in losses.items()}
        return super().losses(model, outputs, batch) | own


def blend(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, float]:
    """Return the weight of each modality, where that of the fused head is 1.

    Args:
        rows: Metrics of the run of each modality, and of ``fused``.

    Raises:
        ConfigError: If a run has too few validations, or val/loss of the fused one has not fallen.
    """
    gains = {name: gains_of(name, own) for name, own in rows.items()}
    least = max(LEAST * max(overfitting for _, overfitting in gains.values()), 1e-6)
    optimal = {name: max(gain, 0.0) / max(over, least) ** 2 for name, (gain, over) in gains.items()}
    if not optimal[FUSED]:
        rule = "method.runs.fused must be a run whose val/loss has fallen since its first validation"
        raise ConfigError(f"{rule}, got one whose lowest is the first.", "Validate it more often.")
    return {name: weight / optimal[FUSED] for name, weight in optimal.items() if name != FUSED}


def gains_of(name: str, rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return generalisation and overfitting of a run from its first validation to that of the lowest val/loss.

    Raises:
        ConfigError: If it has fewer than two validations that follow losses of training.
    """
    pairs: list[tuple[float, float]] = []
    train: float | None = None
    for row in rows:
        train = row.get("train/loss", train)
        val = row.get("val/loss")
        if train is not None and val is not None:
            pairs.append((train, val))
    if len(pairs) < 2:
        raise ConfigError(f"method.runs.{name} must be a run with at least two validations, got {len(pairs)}.")
    (train_first, first), (train_best, best) = pairs[0], min(pairs, key=lambda pair: pair[1])
    return first - best, (best - train_best) - (first - train_first)
