"""Candidates that cost the same: ``fair=params|flops|time`` solves the width ``dim`` of each way.

A fusion with more weights may win for them alone. The costliest way at the ``dim`` typed sets the budget, and every
other one is widened until it costs as much.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from mmexp.config.config import Config
from mmexp.config.schema import ROLES, key_of
from mmexp.contract import Batch
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import Experiment, build, load_data

STEP = 8
"""Widths that are tried are multiples of it, so that the heads of attention divide them."""
WIDEST = 8
"""How many times the ``dim`` typed is the widest that is tried."""
NEAR = 0.1
WARM_UP, TIMED = 3, 10
Read = Callable[[Sequence[str]], Config]
Price = Callable[[int], float]


def fair_config(words: Sequence[str], read: Read, budget: dict[str, Any]) -> Config:
    """Read a job's config with the width at which it costs what the others do; as it is, if ``fair`` is null.

    Args:
        words: The job's overrides.
        read: Makes a config of overrides.
        budget: Of the sweep, as ``set_budget`` leaves it: ``cost``, and ``dims`` by way, which grows here.

    Raises:
        ConfigError: If the model can't be built.
    """
    config = read(words)
    if not config.node.fair:
        return config
    way = way_of(config)
    if way not in budget["dims"]:
        with priced(config) as price:
            dim, cost = solve(price, config.node.dim, budget["cost"])
        _report(config, dim, cost / budget["cost"])
        budget["dims"][way] = dim
    kept = [word for word in words if key_of(word) != "dim"]
    found = read([*kept, f"dim={budget['dims'][way]}"])
    return replace(found, words=config.words)


def set_budget(configs: Sequence[Config]) -> dict[str, Any]:
    """Return the budget of a sweep, what its costliest job costs at the ``dim`` typed; empty if ``fair`` is null.

    Raises:
        ConfigError: If ``dim`` or ``fair`` is searched over, or is none that can be solved for.
    """
    asked = {config.node.fair for config in configs}
    if asked == {None}:
        return {}
    if any(config.node.baselines for config in configs):
        rule = "baselines must be false with fair, which solves only the jobs of one sweep"
        raise ConfigError(f"config: {rule}, got true.", "Add fusion=none 'inputs=[image],[text]' by mmexp sweep extend")
    if len(asked) > 1 or (asked - set(COSTS)):
        raise ConfigError(f"config: fair must be null or one of {', '.join(COSTS)}, got {_listed(asked)}.")
    dims = {config.node.dim for config in configs}
    if len(dims) > 1 or any(dim % STEP for dim in dims):
        rule = f"dim must be one multiple of {STEP} where fair solves it"
        raise ConfigError(f"config: {rule}, got {_listed(dims)}.", "Leave dim out, or fair")
    ways = {way_of(config): config for config in configs}
    costs = []
    for config in ways.values():
        with priced(config) as price:
            costs.append(price(config.node.dim))
    return {"cost": max(costs), "dims": {}}


def solve(price: Price, typed: int, cost: float) -> tuple[int, float]:
    """Find the width whose cost is nearest, by bisection; a cost grows with the width.

    Args:
        price: Cost of a width.
        typed: A width that costs no more than asked.
        cost: What is asked.

    Returns:
        The width and its cost.
    """
    low, high = typed // STEP, WIDEST * typed // STEP
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if price(middle * STEP) <= cost else (low, middle)
    known = {width * STEP: price(width * STEP) for width in (low, high)}
    dim = min(known, key=lambda one: (abs(known[one] - cost), one))
    return dim, known[dim]


def way_of(config: Config) -> str:
    """Return what decides how much a job costs, but for the width: its model, its inputs, its data and its batches."""
    plain = _at(config, STEP)
    kept = {key: value for key, value in plain.items() if ROLES[key].of_model}
    kept |= {"dataset": plain["dataset"], "batch_size": plain["training"]["batch_size"]}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()[:16]


@contextmanager
def priced(config: Config) -> Iterator[Price]:
    """Read the data of a config once, and give what its model costs at a width.

    Raises:
        ConfigError: If the model can't be built as asked.
        DataError: If the data is refused.
    """
    dataset = load_data(config.plain())
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder.create(place, "fair")
        yield lambda dim: COSTS[config.node.fair](build(_at(config, dim), dataset, folder))


def _at(config: Config, dim: int) -> dict[str, Any]:
    """Return the root node at another width."""
    node = config.node.copy()
    node.dim = dim
    return replace(config, node=node).plain()


def _params(experiment: Experiment) -> float:
    """Count the weights that are trained."""
    return float(sum(one.numel() for one in experiment.module.parameters() if one.requires_grad))


def _flops(experiment: Experiment) -> float:
    """Count the floating-point operations of one training step, forward and backward; frozen encoders are counted."""
    batch = _batch(experiment)
    with FlopCounterMode(display=False) as counter:
        _step(experiment, batch)
    return float(counter.get_total_flops())


def _seconds(experiment: Experiment) -> float:
    """Measure one training step, the median of several, in seconds."""
    batch, taken = _batch(experiment), []
    for _ in range(WARM_UP + TIMED):
        start = time.perf_counter()
        _step(experiment, batch)
        taken.append(time.perf_counter() - start)
    return median(taken[WARM_UP:])


COSTS: Mapping[str, Callable[[Experiment], float]] = {"params": _params, "flops": _flops, "time": _seconds}
"""What may be equal: trained weights, operations of a step, or seconds of a step on this processor."""


def _batch(experiment: Experiment) -> Batch:
    batch: Batch = next(iter(experiment.data.evaluation("train")))
    return batch


def _step(experiment: Experiment, batch: Batch) -> None:
    module = experiment.module.train()
    module.zero_grad()
    torch.autograd.backward(module.training_step(batch, 0)["loss"])


def _report(config: Config, dim: int, share: float) -> None:
    inputs = f" inputs=[{','.join(config.node.inputs)}]" if config.node.inputs else ""
    job = f"fusion={config.choices['fusion']}{inputs}"
    said = f"fair={config.node.fair}: dim={dim} for {job}, {share:.2f} of the budget"
    far = abs(share - 1) > NEAR
    logging.getLogger(__name__).warning("%s%s", said, ", as near as a width comes." if far else ".")


def _listed(values: set[Any]) -> str:
    return " and ".join(sorted(map(str, values)))
