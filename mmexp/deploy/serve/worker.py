"""A worker as the front sees it: started, asked, found dead, started again."""

from __future__ import annotations

import multiprocessing
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from mmexp.deploy.serve.exchange import Answer, Description, Payload
from mmexp.deploy.serve.inside import NotReady, Plan, Ready, work
from mmexp.error import MmexpError
from mmexp.runner.worker import warm_up

_START = 300.0  # s to load the runs
_STARTING = threading.Lock()  # the server that forks is started by one thread, which sets the environment for it
_END = 5.0  # s to end once the pipe is closed


class WorkerDied(Exception):
    """A worker ended, or was ended because it took too long, before it had answered."""


class Worker(ABC):
    """Answers batches of requests, one at a time. Each method blocks."""

    @abstractmethod
    def start(self) -> Mapping[str, Description]:
        """Start it, anew if it has died, and describe the runs that it has loaded.

        Raises:
            MmexpError: If it cannot load them.
            WorkerDied: If it ends before it has.
        """

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether it can be asked."""

    @abstractmethod
    def answer(self, name: str, payloads: Sequence[Payload], seconds: float) -> list[Answer]:
        """Answer requests to a run.

        Args:
            name: Of the run.
            payloads: The requests.
            seconds: After which it is taken for stuck, and ended.

        Raises:
            WorkerDied: If there is no answer.
        """

    @abstractmethod
    def stop(self) -> None:
        """End it."""


class ProcessWorker(Worker):
    """A process of its own, forked from a server that has loaded the libraries.

    Args:
        plan: What it serves.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> Mapping[str, Description]:
        self.stop()
        context = multiprocessing.get_context("forkserver")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, self._plan), daemon=True)
        with _STARTING:
            warm_up()
            self._process.start()
        theirs.close()
        found = self._receive(_START)
        if isinstance(found, NotReady):
            self.stop()
            fault = MmexpError(found.message, found.hint)
            fault.exit_code = found.exit_code
            raise fault
        if not isinstance(found, Ready):
            raise WorkerDied(f"worker must begin with its runs, got {type(found).__name__}")
        return found.descriptions

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """Of its process."""
        return self._process.pid if self._process else None

    def answer(self, name: str, payloads: Sequence[Payload], seconds: float) -> list[Answer]:
        try:
            if self._pipe is None:
                raise BrokenPipeError
            self._pipe.send((name, payloads))
        except OSError:
            raise WorkerDied("worker died before it was asked") from None
        found = self._receive(seconds)
        if not isinstance(found, list):
            raise WorkerDied(f"worker must answer with a list, got {type(found).__name__}")
        return found

    def stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None and self._process.pid is not None:
            self._process.join(_END if self._process.is_alive() else 0)
            self._process.kill()
            self._process.join()
            self._process.close()
        self._pipe = self._process = None

    def _receive(self, seconds: float) -> object:
        """Return what it sends, or end it."""
        with suppress(EOFError, OSError):
            if self._pipe is not None and self._pipe.poll(seconds):
                return self._pipe.recv()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        raise WorkerDied(f"worker must answer within {seconds:g} s, got none")
