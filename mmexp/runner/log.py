"""The log of a run: warnings, messages of libraries and tracebacks, without secrets."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from mmexp.error import MmexpError
from mmexp.run.folder import RunFolder
from mmexp.run.redact import redact

LIBRARIES = ("pytorch_lightning", "lightning_fabric")


@contextmanager
def log_to(folder: RunFolder) -> Iterator[None]:
    """Write warnings, the libraries' messages and a traceback to ``log.txt``, without secrets."""
    handler = _LogFile(folder.log, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        with _propagated(LIBRARIES), warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
    except Exception as error:
        if not isinstance(error, MmexpError):
            root.error("%s", traceback.format_exc())
        raise
    finally:
        logging.captureWarnings(False)
        root.setLevel(before)
        root.removeHandler(handler)
        handler.close()


class _LogFile(logging.FileHandler):
    """A log that loses what the disk has no room for, in silence: training goes on."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):
            super().close()


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


@contextmanager
def _propagated(names: Sequence[str]) -> Iterator[None]:
    """Let loggers that write to the terminal themselves propagate their messages instead."""
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [], True
    try:
        yield
    finally:
        for logger, (handlers, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
