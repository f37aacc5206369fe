"""Loggers that may be slow: a thread does their work in order, and the training waits for none of it."""

from __future__ import annotations

import queue
import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from mmexp.logger.base import Logger
from mmexp.run.folder import RunFolder


class Background:
    """Do work in order in a thread that ends with the process; nothing more after some of it has failed."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], None]) -> None:
        """Have it done some time, unless earlier work has failed: then raise that failure, once."""
        failure, self._failure = self._failure, None
        if failure:
            raise failure
        self._queue.put(work)

    def close(self, patience: float) -> None:
        """Wait until all is done.

        Raises:
            TimeoutError: If that takes longer than ``patience`` seconds.
        """
        self._queue.put(None)
        self._thread.join(patience)
        if self._thread.is_alive():
            raise TimeoutError(f"it must be done within {patience:g} s of the end of the run")
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        while work := self._queue.get():
            try:
                work()
            except Exception as error:
                self._failure = error
                return


class BackgroundLogger(Logger):
    """Write the metrics of one run somewhere that may be slow or not answer.

    Attributes:
        patience: Seconds to wait at the end of the run for what is not written yet.
    """

    patience: ClassVar[float] = 60.0

    def start(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        self._background = Background()
        self._background.do(partial(self.open, folder, config, parameters))

    def log(self, row: Mapping[str, float]) -> None:
        self._background.do(partial(self.write, dict(row)))

    def finish(self, status: str, summary: Mapping[str, Any]) -> None:
        self._background.do(partial(self.close, status, summary))
        self._background.close(self.patience)

    @abstractmethod
    def open(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        """Open the run, as ``Logger.start``."""

    @abstractmethod
    def write(self, row: Mapping[str, float]) -> None:
        """Write one row, as ``Logger.log``."""

    @abstractmethod
    def close(self, status: str, summary: Mapping[str, Any]) -> None:
        """Close the run, as ``Logger.finish``."""
