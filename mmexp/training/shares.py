"""What a user should know before training, such as what differs where several processes share each batch."""

from __future__ import annotations

from torch import nn

from mmexp.encoder.base import Encoder
from mmexp.training.experiment import Experiment
from mmexp.training.sampler import batches_per_epoch

FEW = 5  # samples of a split


def experiment_notes(experiment: Experiment) -> list[str]:
    """Say what a user should know before it trains, such as what is cut of the data."""
    size, world = len(experiment.data.samples["train"]), experiment.hardware.devices
    shares = share_notes(size, experiment.training.batch_size, world)
    few = [note for name in ("val", "test") for note in few_notes(name, len(experiment.data.samples[name]))]
    contrasts = contrast_notes(experiment.task.contrasts, experiment.training.batch_size)
    steps = experiment.data.total // experiment.training.accumulate
    return [
        *experiment.taken,
        *map(str, experiment.cuts),
        *encoder_notes(experiment.module.model),
        *few,
        *contrasts,
        *shares,
        *unlabeled_notes(experiment.data.dataset.unlabeled, size),
        *experiment.task.notes(),
        *experiment.data.sampler.notes(),
        *experiment.method.notes(
            size=size,
            batch_size=experiment.training.batch_size,
            steps=steps,
            pretrained=experiment.config.get("pretrained"),
        ),
    ]


def encoder_notes(model: nn.Module) -> list[str]:
    """Say what its encoders have to say, each under its place in the model."""
    named = [(name, part) for name, part in model.named_modules() if isinstance(part, Encoder)]
    return [f"{name}: {note}" for name, part in named for note in part.notes]


def few_notes(split: str, size: int) -> list[str]:
    """Say that a split has too few samples to measure much with, if so."""
    samples = "sample decides" if size == 1 else "samples decide"
    return [f"{split}: {size} {samples} every metric, which says next to nothing."] if size < FEW else []


def contrast_notes(contrasts: bool, batch_size: int) -> list[str]:
    """Say that a loss that compares the samples of a batch depends on the batch."""
    rule = f"val/loss contrasts the samples of a batch, {batch_size} at most"
    return [f"val: {rule}; compare it only with that of runs with the same training.batch_size."] if contrasts else []


def unlabeled_notes(count: int, size: int) -> list[str]:
    """Say how many samples of the training split have no target."""
    return [f"train: {count} of {size} samples have no target."] if count else []


def share_notes(size: int, batch_size: int, world: int) -> list[str]:
    """Say which samples are left out of each epoch.

    Args:
        size: Samples of the training split.
        batch_size: Of all processes together.
        world: Number of processes.
    """
    if batches_per_epoch(size, batch_size, world) == batches_per_epoch(size, batch_size, 1):
        return []
    left = f"{size % batch_size} of {size} samples are left out of each epoch"
    return [f"train: {left}, as {world} processes cannot share them; one process trains on them too."]
