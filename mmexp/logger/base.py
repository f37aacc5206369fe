"""Base class of loggers, and the collection that calls them without letting one stop a training."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from mmexp.error import Stopped
from mmexp.run.folder import RunFolder
from mmexp.run.redact import redact


class Logger(ABC):
    """Write the metrics of one run somewhere.

    Called in the first process only. ``__init__`` takes the arguments of its YAML and opens nothing: what costs time or
    can fail belongs into ``start``. A logger that raises is dropped with one warning, and the run goes on.

    Attributes:
        required: Whether a failure ends the run instead, because other parts of mmexp read what it writes.
        warn: Shows a line to the user; set by the run.

    Example:
        >>> from mmexp import Logger
        >>> class PrintLogger(Logger):
        ...     def log(self, row):
        ...         print(*(f"{key}={value:g}" for key, value in row.items()))
        >>> PrintLogger().log({"step": 20, "train/loss": 1.5})
        step=20 train/loss=1.5
    """

    required: ClassVar[bool] = False
    warn: Callable[[str], None] = staticmethod(logging.getLogger(__name__).warning)

    def start(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        """Open the run. A resumed run is started again, with the same folder.

        Args:
            folder: Of the run; its id names the run for good.
            config: The resolved config, without secrets.
            parameters: Numbers of weights: total, trained.
        """
        return

    @abstractmethod
    def log(self, row: Mapping[str, float]) -> None:
        """Log one row: ``step``, ``epoch``, ``time`` in seconds since the start, and metrics by key."""

    def finish(self, status: str, summary: Mapping[str, Any]) -> None:
        """Close the run.

        Args:
            status: done, failed or stopped; a stopped run may be resumed.
            summary: Monitor, final metrics and their directions, as in ``summary.json``; empty unless it is done.
        """
        return

    def sync(self, folder: RunFolder) -> str:
        """Send what was logged offline to its service, unless it is there, and return what was done.

        Empty if there is no service. Called by ``mmexp sync`` for a run that has ended, without ``start``.

        Args:
            folder: Of the run.

        Raises:
            ConfigError: If the service is not named.
            ResourceError: If it does not answer.
        """
        return ""


class LoggerCollection:
    """Call several loggers in order; drop one that fails.

    Args:
        loggers: By name.
        warn: Shows a warning.

    Attributes:
        summary: What the loggers are finished with; empty until it is set.
    """

    def __init__(self, loggers: Mapping[str, Logger], warn: Callable[[str], None]) -> None:
        self.loggers, self.warn = dict(loggers), warn
        self.summary: Mapping[str, Any] = {}
        for logger in self.loggers.values():
            logger.warn = warn

    @contextmanager
    def run(
        self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]
    ) -> Iterator[LoggerCollection]:
        """Start all loggers, and finish them however the block ends."""
        self._call(lambda logger: logger.start(folder, config, parameters))
        status = "stopped"  # also for what is no Exception, such as a signal
        try:
            yield self
            status = "done"
        except Exception as error:
            status = "stopped" if isinstance(error, Stopped) else "failed"
            raise
        finally:
            self._call(lambda logger: logger.finish(status, self.summary))

    def log(self, row: Mapping[str, float]) -> None:
        """Log one row with each logger."""
        self._call(lambda logger: logger.log(row))

    def _call(self, action: Callable[[Logger], None]) -> None:
        for name, logger in list(self.loggers.items()):
            try:
                action(logger)
            except Exception as error:
                if logger.required:
                    raise
                del self.loggers[name]
                logging.getLogger(__name__).warning("Logger '%s' failed.", name, exc_info=True)
                reason = redact(f"{type(error).__name__}: {error}")
                self.warn(f"Warning: logger '{name}' failed and is dropped; the run goes on ({reason}).")
