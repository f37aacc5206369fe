"""The numbers of the training loop: the root section ``training``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class TrainingConfig:
    """How long, in which batches and with which checkpoints a run trains; the same for every method.

    Args:
        epochs: Passes over the training split.
        batch_size: Samples per batch, over all processes.
        accumulate: Batches whose gradients are added before one optimizer step.
        clip: Largest norm of the gradient; 0 never clips.
        validate_every: Epochs between validations; must divide epochs.
        patience: Validations without a better monitored metric before stopping; 0 never stops.
        log_every: Optimizer steps between rows in metrics.jsonl.
        checkpoint_every: Optimizer steps between checkpoints, in addition to one at each validation; 0 for none.
        modality_dropout: Probability of dropping one random modality of a training sample before the fusion.
        on_overflow: What is done at a step whose gradient is not finite while its loss is: ``skip`` it, or ``raise``.
        max_overflows: Such steps in a row that end the run.
        ema: Decay of the exponential moving average of the weights that is evaluated, in [0, 1); 0 evaluates the
            weights themselves.

    Raises:
        ValueError: If a count is below its minimum, on_overflow is unknown or validate_every does not divide epochs;
            names the key.
    """

    epochs: int = field(default=10, metadata={"also": ("max_epochs", "num_epochs", "num_train_epochs", "n_epochs")})
    batch_size: int = field(default=64, metadata={"also": ("bs", "batch", "train_batch_size")})
    accumulate: int = field(
        default=1, metadata={"also": ("accumulate_grad_batches", "gradient_accumulation_steps", "grad_accum")}
    )
    clip: float = field(
        default=1.0, metadata={"also": ("grad_clip", "clip_grad", "gradient_clip_val", "max_grad_norm")}
    )
    validate_every: int = field(default=1, metadata={"also": ("check_val_every_n_epoch", "val_every", "eval_every")})
    patience: int = field(default=0, metadata={"also": ("early_stopping", "early_stopping_patience")})
    log_every: int = field(default=20, metadata={"also": ("log_every_n_steps", "logging_steps")})
    checkpoint_every: int = field(default=0, metadata={"also": ("save_every", "save_steps")})
    modality_dropout: float = 0.0
    on_overflow: str = "skip"
    max_overflows: int = 10
    ema: float = field(default=0.0, metadata={"also": ("ema_decay", "average")})

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate", "log_every", "validate_every", "max_overflows"):
            self._check(name, "at least 1", getattr(self, name) >= 1)
        for name in ("clip", "patience", "checkpoint_every"):
            self._check(name, "at least 0", getattr(self, name) >= 0)
        for name in ("modality_dropout", "ema"):
            self._check(name, "in [0, 1)", 0 <= getattr(self, name) < 1)
        self._check("on_overflow", "skip or raise", self.on_overflow in ("skip", "raise"))
        self._check(
            "validate_every", f"a divisor of training.epochs={self.epochs}", not self.epochs % self.validate_every
        )

    def _check(self, name: str, rule: str, holds: bool) -> None:
        if not holds:
            raise ValueError(f"training.{name} must be {rule}, got {getattr(self, name)}.")
