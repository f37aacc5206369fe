from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.runner.worker import Worker, supervised, threads, wait

ERRANDS = """
import multiprocessing, os, signal, subprocess, sys, time
from mmexp.runner import process, worker
from mmexp.error import DataError

def sings(report, *words):
    for word in words:
        report(word)

def stumbles(report):
    raise ValueError("two\\nlines")

def refuses(report):
    raise DataError("label must be known, got 7.", sample="s3", hint="Look at it.")

def vanishes(report):
    os.kill(os.getpid(), signal.SIGKILL)

def leaves(report):
    os._exit(7)

def looks_around(report):
    import torch
    server = open(f"/proc/{os.getppid()}/status").read()
    report({
        "environment": os.environ.get("WORD"),
        "threads": torch.get_num_threads(),
        "alone": os.getsid(0) == os.getpid(),
        "loaders": multiprocessing.get_start_method(),
        "loaded": "mmexp.training.trainer" in sys.modules,
        "cuda": torch.cuda.is_initialized(),
        "server": os.getppid(),
        "server_threads": int(server.partition("Threads:")[2].split()[0]),
    })

def sleeps(report, *, ignoring=False):
    if ignoring:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report([os.getpid(), subprocess.Popen(["sleep", "60"]).pid])
    time.sleep(60)

def does_not_listen(report):
    sleeps(report, ignoring=True)

def has_workers(report, *errands):
    worker.PRELOAD = []
    inner = [worker.Worker(errand) for errand in errands]
    while not all(one.reported for one in inner):
        [one.poll() for one in inner]
        time.sleep(0.01)
    report([one.reported[0] for one in inner])
    time.sleep(60)

def does_not_listen_long(report):
    process.GRACE = 0.2
    does_not_listen(report)
"""


@pytest.fixture(scope="module")
def errands(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("errands")
    (folder / "worker_errands.py").write_text(ERRANDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        import worker_errands  # type: ignore[import-not-found]

        yield worker_errands


def until(fact: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.01)
    return found


def first_report(worker: Worker) -> Any:
    """What it reports first."""
    return until(lambda: worker.poll() or worker.reported is not None) and worker.reported


def ended(worker: Worker) -> Worker:
    until(worker.poll)
    return worker


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before the open, or before the read
        return False


def test_a_worker_reports_and_ends(errands: Any):
    worker = ended(Worker(errands.sings, ("so", {"it": "goes"})))
    assert worker.reported == {"it": "goes"}
    assert (worker.end.status, worker.end.message, worker.end.exit_code) == ("done", "", 0)
    assert 0 < worker.seconds < 60


@pytest.mark.parametrize(
    ("errand", "status", "message", "exit_code"),
    [
        ("stumbles", "failed", "ValueError: two\nlines", 1),
        ("refuses", "failed", "sample s3: label must be known, got 7.", 3),
        ("vanishes", "killed", "Its process was ended by SIGKILL.", 1),
        ("leaves", "killed", "Its process ended with exit code 7.", 1),
    ],
)
def test_a_worker_that_fails_says_why(errands: Any, errand: str, status: str, message: str, exit_code: int):
    end = ended(Worker(getattr(errands, errand))).end
    assert (end.status, end.message, end.exit_code) == (status, message, exit_code)
    assert ("in stumbles" in end.traceback) == (errand == "stumbles")
    assert end.hint == ("Look at it." if errand == "refuses" else "")


def test_a_worker_has_a_place_of_its_own_and_its_server_can_fork(errands: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    monkeypatch.setenv("WORD", "ours")
    one, other = Worker(errands.looks_around), Worker(errands.looks_around, env={"WORD": "its own"}, share=4)
    first, second = ended(one).reported, ended(other).reported
    assert (first["environment"], first["threads"]) == ("ours", 6)
    assert (second["environment"], second["threads"]) == ("its own", 1)
    assert first["alone"] and first["loaded"] and not first["cuda"]
    assert first["loaders"] == "fork"
    assert first["server"] == second["server"] and first["server_threads"] == 1


def test_threads_are_those_of_the_environment_or_one_per_processor(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads() == len(os.sched_getaffinity(0))


def test_a_worker_that_is_asked_to_stop_says_that_it_did(errands: Any):
    worker = Worker(errands.sleeps)
    first_report(worker)
    worker.request_stop("It is late.")
    worker.request_stop("Nobody hears this.")
    end = ended(worker).end
    assert (end.status, end.exit_code) == ("stopped", 143)
    assert end.message.startswith("It is late. Training: stopped")


def test_a_worker_that_does_not_listen_is_killed_with_all_it_started(errands: Any):
    worker = Worker(errands.does_not_listen)
    pids = first_report(worker)
    worker.request_stop("It is late.")
    assert not worker.poll()
    worker.kill()
    assert ended(worker).end.message == "It is late. Its process was ended by SIGKILL."
    until(lambda: not any(map(is_alive, pids)))


def test_what_a_worker_started_does_not_outlive_it(errands: Any):
    worker = Worker(errands.sleeps)
    pids = first_report(worker)
    os.kill(pids[0], signal.SIGKILL)
    assert ended(worker).end.status == "killed"
    until(lambda: not any(map(is_alive, pids)))


def test_a_signal_to_everybody_leaves_the_server_alone(errands: Any):
    server = ended(Worker(errands.looks_around)).reported["server"]
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(server, number)
    assert ended(Worker(errands.looks_around)).reported["server"] == server


def test_a_worker_ends_with_the_process_that_started_it(errands: Any):
    starter = Worker(errands.has_workers, (errands.sleeps, errands.does_not_listen_long))
    pids = first_report(starter)
    assert all(map(is_alive, pids))
    starter.kill()
    until(lambda: not any(map(is_alive, pids)))


def test_waiting_ends_when_a_worker_does(errands: Any):
    workers = [Worker(errands.sleeps), Worker(errands.sings)]
    with supervised(workers):
        began = time.monotonic()
        wait(workers, 60)
        assert time.monotonic() - began < 50
        assert workers[1].poll() and not workers[0].poll()


def test_nobody_outlives_the_block_that_supervises(errands: Any):
    before = signal.getsignal(signal.SIGINT)
    worker = Worker(errands.does_not_listen)
    with pytest.raises(ZeroDivisionError), supervised([worker]):
        pids = first_report(worker)
        raise ZeroDivisionError
    until(lambda: not any(map(is_alive, pids)))
    assert signal.getsignal(signal.SIGINT) == before


def test_the_first_signal_asks_and_the_second_kills(errands: Any):
    workers = [Worker(errands.sleeps), Worker(errands.does_not_listen)]
    with supervised(workers) as came:
        list(map(first_report, workers))
        os.kill(os.getpid(), signal.SIGINT)
        assert ended(workers[0]).end.status == "stopped" and not workers[1].poll()
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended(workers[1]).end.message == "Killed by request. Its process was ended by SIGKILL."
    assert came == [signal.SIGINT, signal.SIGTERM]
