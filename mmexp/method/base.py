"""How a model is trained, apart from the optimizer."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import nn


class Learning(ABC):
    """The numbers of a training run and the choice of weights it may change.

    Args:
        epochs: Passes over the training split.
        batch_size: Samples per batch, over all processes.
        accumulate: Batches whose gradients are added before one optimizer step.
        clip: Largest norm of the gradient; 0 never clips.
        validate_every: Epochs between validations; must divide epochs.
        patience: Validations without a better monitored metric before stopping; 0 never stops.
        log_every: Optimizer steps between rows in metrics.jsonl.
        checkpoint_every: Optimizer steps between checkpoints, beside one at each validation; 0 for none.
        modality_dropout: Probability of hiding one random modality of a training sample from the fusion.
        average: Decay of the running average of the weights that is evaluated, in [0, 1); 0 evaluates the weights.

    Raises:
        ValueError: If a count is below its minimum or validate_every does not divide epochs.
    """

    def __init__(
        self,
        *,
        epochs: int = 10,
        batch_size: int = 64,
        accumulate: int = 1,
        clip: float = 1.0,
        validate_every: int = 1,
        patience: int = 0,
        log_every: int = 20,
        checkpoint_every: int = 0,
        modality_dropout: float = 0.0,
        average: float = 0.0,
    ) -> None:
        least = {"epochs": epochs, "batch_size": batch_size, "accumulate": accumulate, "log_every": log_every}
        for name, value in {**least, "validate_every": validate_every}.items():
            if value < 1:
                raise ValueError(f"Learning: {name} must be at least 1, got {value}.")
        for name, number in {"clip": clip, "patience": patience, "checkpoint_every": checkpoint_every}.items():
            if number < 0:
                raise ValueError(f"Learning: {name} must be at least 0, got {number}.")
        if epochs % validate_every:
            raise ValueError(f"Learning: validate_every must divide epochs {epochs}, got {validate_every}.")
        for name, share in {"modality_dropout": modality_dropout, "average": average}.items():
            if not 0 <= share < 1:
                raise ValueError(f"Learning: {name} must be in [0, 1), got {share}.")
        self.epochs, self.batch_size, self.accumulate, self.clip = epochs, batch_size, accumulate, clip
        self.validate_every, self.patience = validate_every, patience
        self.log_every, self.checkpoint_every = log_every, checkpoint_every
        self.modality_dropout, self.average = modality_dropout, average

    @abstractmethod
    def choose(self, model: nn.Module) -> None:
        """Set ``requires_grad`` of each weight."""
