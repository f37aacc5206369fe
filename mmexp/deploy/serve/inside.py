"""The inside of a worker: load the runs, then answer batch after batch until the front is gone."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from mmexp.deploy.serve.exchange import Answer, Description, Payload
from mmexp.deploy.serve.limits import Limits
from mmexp.error import MmexpError

Batch = tuple[str, Sequence[Payload]]
"""Name of a run, and requests to it."""


@dataclass(frozen=True)
class Plan:
    """What a worker serves.

    Args:
        runs: Path of each run by the name that it is served under.
        overrides: Of all runs, such as ``hardware=cpu``.
        limits: Of the requests.
        threads: Of PyTorch.
        folder: Where files of requests are put while they are read.
        redact: Whether what says whom a request is of is taken out before anything reads it.
    """

    runs: Mapping[str, str]
    overrides: Sequence[str]
    limits: Limits
    threads: int
    folder: str
    redact: bool = False


@dataclass(frozen=True)
class Ready:
    """A worker has loaded its runs.

    Args:
        descriptions: Of each run by name.
    """

    descriptions: Mapping[str, Description]


@dataclass(frozen=True)
class NotReady:
    """A worker cannot load its runs.

    Args:
        message: Why.
        hint: What to type.
        exit_code: Of the command.
    """

    message: str
    hint: str
    exit_code: int


def work(pipe: Connection, plan: Plan) -> None:
    """Load the runs and answer what comes through the pipe until its other end is closed.

    Signals to stop are left to the front: this process ends with it.
    """
    import torch

    tempfile.tempdir = plan.folder
    torch.set_num_threads(plan.threads)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _answer(pipe, plan)


def _answer(pipe: Connection, plan: Plan) -> None:
    from mmexp.deploy.serve.served import ServedRun

    try:
        options = plan.overrides, plan.limits, plan.redact
        served = {name: ServedRun.load(path, *options) for name, path in plan.runs.items()}
        pipe.send(Ready({name: run.describe() for name, run in served.items()}))
    except MmexpError as fault:
        pipe.send(NotReady(str(fault), fault.hint, fault.exit_code))
        return
    while True:
        name, payloads = pipe.recv()
        answers: list[Answer] = served[name].answer(payloads)
        pipe.send(answers)
