from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

import pytest

from mmexp.deploy.serve import worker as module
from mmexp.deploy.serve.exchange import Answer, Description, Payload
from mmexp.deploy.serve.inside import NotReady, Plan, Ready
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.worker import ProcessWorker, WorkerDied
from mmexp.error import MmexpError

DESCRIPTION = Description("x", "Classification", [])
PLAN = Plan({"pets": "path"}, (), Limits(), 1, "folder")


class Thread:
    """Runs in a thread what a process would."""

    pid = 1

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> None:
        self._thread = threading.Thread(target=target, args=(args[0].own, *args[1:]), daemon=daemon)
        self.start, self.join, self.is_alive = self._thread.start, self._thread.join, self._thread.is_alive

    def kill(self) -> None: ...

    def close(self) -> None: ...


class Shared:
    """The end of a pipe that a process would get a copy of; here the thread has it, and closes it."""

    def __init__(self, own: Connection) -> None:
        self.own = own

    def close(self) -> None: ...


class Context:
    Process = Thread

    def Pipe(self) -> tuple[Connection, Shared]:
        ours, theirs = Pipe()
        return ours, Shared(theirs)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[Connection], None]], ProcessWorker]]:
    """Makes a worker whose process does what a function does with its pipe."""
    workers: list[ProcessWorker] = []

    def make(inside: Callable[[Connection], None]) -> ProcessWorker:
        def work(pipe: Connection, plan: Plan) -> None:
            with pipe:
                inside(pipe)

        monkeypatch.setattr(module, "warm_up", lambda: None)
        monkeypatch.setattr(module.multiprocessing, "get_context", lambda name: Context())
        monkeypatch.setattr(module, "work", work)
        workers.append(ProcessWorker(PLAN))
        return workers[-1]

    yield make
    for worker in workers:
        worker.stop()


def test_it_begins_with_its_runs_and_answers(started: Any) -> None:
    def inside(pipe: Connection) -> None:
        pipe.send(Ready({"pets": DESCRIPTION}))
        _, payloads = pipe.recv()
        pipe.send([Answer(200, {"id": one.id}) for one in payloads])
        pipe.poll(20)

    worker = started(inside)
    assert not worker.alive and worker.start() == {"pets": DESCRIPTION} and worker.alive and worker.pid == 1
    (answer,) = worker.answer("pets", [Payload("a", {})], 20)
    assert answer.body["id"] == "a"
    worker.stop()
    assert not worker.alive and worker.pid is None


def test_why_it_cannot_begin_is_raised(started: Any) -> None:
    worker = started(lambda pipe: pipe.send(NotReady("run: no checkpoint, got none.", "Run: mmexp list", 2)))
    with pytest.raises(MmexpError, match="no checkpoint, got none") as caught:
        worker.start()
    assert (caught.value.exit_code, caught.value.hint) == (2, "Run: mmexp list")


@pytest.mark.parametrize("said", ["nothing", "another"])
def test_one_that_ends_before_it_begins_has_died(started: Any, said: str) -> None:
    with pytest.raises(WorkerDied, match=r"must answer within 300 s, got none|must begin with its runs, got str"):
        started(lambda pipe: pipe.send("x") if said == "another" else None).start()


def test_one_that_ends_without_an_answer_has_died(started: Any) -> None:
    def inside(pipe: Connection) -> None:
        pipe.send(Ready({}))
        pipe.recv()

    worker = started(inside)
    worker.start()
    with pytest.raises(WorkerDied, match="worker must answer within 20 s, got none"):
        worker.answer("pets", [], 20)
    with pytest.raises(WorkerDied, match="worker died before it was asked"):
        worker.answer("pets", [], 20)


def test_one_that_takes_too_long_is_ended(started: Any) -> None:
    gate = threading.Event()

    def inside(pipe: Connection) -> None:
        pipe.send(Ready({}))
        gate.wait(20)

    worker = started(inside)
    worker.start()
    threading.Timer(0.2, gate.set).start()
    with pytest.raises(WorkerDied, match=r"worker must answer within 0\.1 s, got none"):
        worker.answer("pets", [], 0.1)


def test_one_that_was_never_started_cannot_be_asked() -> None:
    with pytest.raises(WorkerDied, match="worker died before it was asked"):
        ProcessWorker(PLAN).answer("pets", [], 1)


def test_an_answer_that_is_none_is_a_death(started: Any) -> None:
    def inside(pipe: Connection) -> None:
        pipe.send(Ready({}))
        pipe.recv()
        pipe.send("x")

    worker = started(inside)
    worker.start()
    with pytest.raises(WorkerDied, match="worker must answer with a list, got str"):
        worker.answer("pets", [], 20)


def test_workers_that_start_at_once_do_not_prepare_at_once(started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(pipe: Connection) -> None:
        pipe.send(Ready({}))
        pipe.poll(20)

    workers, within, most = [started(inside) for _ in range(4)], [0], [0]

    def warm_up() -> None:
        within[0] += 1
        most[0] = max(most[0], within[0])
        threading.Event().wait(0.02)
        within[0] -= 1

    monkeypatch.setattr(module, "warm_up", warm_up)
    threads = [threading.Thread(target=worker.start) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == [1] and all(worker.alive for worker in workers)
