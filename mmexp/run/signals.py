"""SIGTERM and Ctrl-C during a run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mmexp.error import Stopped

SIGNALS = (signal.SIGTERM, signal.SIGINT)
_received: list[int] = []  # by the outermost block that is stoppable


class SignalReceived(BaseException):
    """Raised by a signal. It passes everything that catches ``Exception``.

    Args:
        number: Which.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"got {signal.Signals(number).name}")
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Let both signals end the block at once.

    Raises:
        Stopped: If one came.
    """
    _received.clear()
    before = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        yield
        raise_received()
    except SignalReceived as received:
        raise stopped(received.number, "at once") from None
    finally:
        _received.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_received() -> None:
    """Raise a signal again that came before, and that somebody who catches everything has swallowed."""
    if _received:
        raise SignalReceived(_received[-1])


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Defer both signals to the end of the block. A mask would not do: another thread would take them."""
    received: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: received.append(number)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for one in received:
        signal.raise_signal(one)


def stopped(number: int, when: str) -> Stopped:
    """Return what to raise once a run has been stopped; its exit code is the one shells give to the signal."""
    stop = Stopped(f"Training: stopped {when}.")
    stop.exit_code = 128 + number
    return stop


def _end(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    raise SignalReceived(number)
