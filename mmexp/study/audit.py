"""Membership inference on a run that has its training data at hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mmexp.contract import Sample, Split
from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.build import build_dataset
from mmexp.dataset.control import controlled
from mmexp.error import ConfigError
from mmexp.inference.predictor import Predictor
from mmexp.inference.single import single
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.study.membership import FALSE_POSITIVES, Samples, bound, calibrated, loss_threshold
from mmexp.training.experiment import refuse_other_data

MOST = 1000
"""Samples of a split."""


def audit(folder: RunFolder, trained: Predictor, most: int = MOST) -> dict[str, Any]:
    """Attack a run with samples it was trained on, and as many of its test split.

    Args:
        folder: The run.
        trained: The same.
        most: Samples of each split, drawn at random from a larger one.

    Returns:
        Plain values: ``samples``, ``attacks`` by name, ``privacy`` where the run has one, and ``notes``.

    Raises:
        ConfigError: If the loss of a sample depends on others, or a split is empty.
        DataError: If the data is not what the run was trained on.
    """
    if trained.task.contrasts:
        name = type(trained.task).__name__
        raise ConfigError(f"audit: task must have a loss of each sample by itself, got {name}, which contrasts them.")
    dataset, splits = _read(folder, trained)
    size = min(most, len(splits["train"]), len(splits["test"]))
    if size < 2:
        raise ConfigError(f"audit: train and test must have 2 samples at least, got {size}.")
    attacked, reference = [*_drawn(splits["train"], size), *_drawn(splits["test"], size)], _drawn(splits["val"], most)
    groups = {**dataset.groups("train"), **dataset.groups("test")}
    samples = Samples([one.id for one in attacked], losses_of(trained, attacked), np.arange(2 * size) < size, groups)
    attacks = [loss_threshold(samples)]
    notes: list[str] = []
    target = _class_target(trained, attacked)
    if target and reference:
        labels, others = ([str(one.targets[target]) for one in part] for part in (attacked, reference))
        attacks.append(calibrated(samples, labels, losses_of(trained, reference), others))
    else:
        notes.append("lira_lite is left out: it needs a class of each sample, and a validation split.")
    if size * FALSE_POSITIVES < 1:
        notes.append(f"With {size} test samples, 1 % false positives is none of them.")
    found = {one.name: one.measured(samples) for one in attacks}
    asked = {"samples": {"train": size, "test": size, "val": len(reference)}}
    return {**asked, "attacks": found, **_privacy(folder), "sentence": sentence(found), "notes": notes}


def losses_of(trained: Predictor, samples: Sequence[Sample]) -> np.ndarray:
    """Compute the loss of each sample by itself, with the same noise where the loss draws any. [N]"""
    model = trained.module.model
    found: list[float] = []
    for sample in samples:
        batch = single(trained, sample, trained.task.transforms())
        torch.manual_seed(0)
        with torch.inference_mode(), trained.hardware.autocast():
            found.append(sum(float(one) for one in trained.task.losses(model(batch), batch).values()))
    return np.array(found)


def sentence(attacks: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what the strongest attack has come to, and what that means."""
    name = max(attacks, key=lambda one: attacks[one]["advantage"]["value"])
    own, known = attacks[name], attacks[name]["advantage"]
    ends = f" (95 % {known['low']:.2f} to {known['high']:.2f})" if "low" in known else ""
    rates = f"{own['true_positives']:.0%} of the training samples and {own['false_positives']:.0%} of the test samples"
    head = f"{name} takes {rates} for training samples, an advantage of {known['value']:.2f}{ends}"
    if known.get("low", known["value"]) > 0:
        return f"{head}: what the model gives on a sample shows whether it was trained on it."
    return f"{head}: these attacks find no sign of what was trained on, which does not prove that there is none."


def _read(folder: RunFolder, trained: Predictor) -> tuple[MultimodalDataset, dict[Split, Sequence[Sample]]]:
    """Read all splits, which must be those of training.

    Raises:
        DataError: If they are not.
    """
    dataset = build_dataset(trained.root)
    dataset.prepare()
    refuse_other_data(dataset, folder)
    control = trained.root.get("control")
    splits = {name: controlled(dataset.split(name), control, trained.task.paired) for name in SPLITS}
    return dataset, {**splits, "train": splits["train"][: len(splits["train"]) - dataset.unlabeled]}


def _drawn(samples: Sequence[Sample], size: int) -> list[Sample]:
    """Return some of the samples, drawn with a fixed seed, in order."""
    chosen = np.random.default_rng(0).permutation(len(samples))[:size]
    return [samples[int(i)] for i in sorted(chosen)]


def _class_target(trained: Predictor, samples: Sequence[Sample]) -> str:
    """Return the target that is one of some classes in each sample; empty if there is none."""
    known = trained.facts.get("classes", {})
    for name in trained.task.targets:
        classes = known.get(name)
        if classes and all(isinstance(one.targets.get(name), (str, int)) for one in samples):
            return name
    return ""


def _privacy(folder: RunFolder) -> dict[str, Any]:
    """Return epsilon and delta of a private run, and the advantage that no attack exceeds; nothing of another."""
    known = summary.read(folder).get("privacy") if folder.summary.exists() else None
    if not known:
        return {}
    epsilon = math.inf if known["epsilon"] is None else float(known["epsilon"])
    delta = float(known["delta"])
    return {"privacy": {"epsilon": epsilon, "delta": delta, "largest_advantage": bound(epsilon, delta)}}
