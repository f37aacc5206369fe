"""SIGTERM and Ctrl-C, while a run is on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mmexp.error import Stopped

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class SignalReceived(BaseException):
    """A signal came. It passes everything that catches ``Exception``.

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
    before = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        yield
    except SignalReceived as received:
        raise stopped(received.number, "at once") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Let both signals wait until the end of the block. A mask would not do: another thread would take them."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: came.append(number)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for one in came:
        signal.raise_signal(one)


def stopped(number: int, when: str) -> Stopped:
    """What to raise once a run has been stopped; its exit code is the one shells give to the signal."""
    stop = Stopped(f"Run: stopped {when}.")
    stop.exit_code = 128 + number
    return stop


def _end(number: int, frame: FrameType | None) -> None:
    raise SignalReceived(number)
