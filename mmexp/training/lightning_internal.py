"""What is changed of Lightning's trainer that it offers no public way for: its signal handlers."""

from __future__ import annotations

import pytorch_lightning as pl


def leave_signals_alone(trainer: pl.Trainer) -> None:
    """Keep Lightning from handling signals: mmexp does, and Lightning waits for other processes inside its handler."""
    trainer._signal_connector.register_signal_handlers = _nothing  # type: ignore[method-assign]


def _nothing() -> None:
    """Register no handler."""
