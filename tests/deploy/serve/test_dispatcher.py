from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mmexp.deploy.serve.exchange import Answer, Payload
from mmexp.deploy.serve.worker import WorkerDied
from mmexp.error import ConfigError


def waiting(gate: threading.Event) -> Callable[[Sequence[Payload]], None]:
    def act(payloads: Sequence[Payload]) -> None:
        gate.wait(20)

    return act


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def test_requests_that_come_together_are_predicted_together_and_each_gets_its_own_answer(
    make: Callable[..., Any],
) -> None:
    gate = threading.Event()
    served = make(waiting(gate), batch=4)
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda i=i: answers.append((i, served.ask(id=f"s{i}", text="a")))) for i in range(9)
    ]
    for thread in threads:
        thread.start()
    until(lambda: served.dispatcher.meters.queue.collect()[0].samples[0].value >= 5)
    gate.set()
    for thread in threads:
        thread.join(20)
    sizes = [len(batch) for batch in served.workers[0].seen]
    assert max(sizes) == 4 and sum(sizes) == 9
    assert all(answer.json()["id"] == f"s{i}" for i, answer in answers) and len(answers) == 9


def test_more_than_the_queue_holds_is_refused_with_the_time_to_come_back(make: Callable[..., Any]) -> None:
    gate = threading.Event()
    served = make(waiting(gate), queue=3, batch=1)
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(served.ask(text="a"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) >= 8)  # one is being predicted, three wait
    gate.set()
    for thread in threads:
        thread.join(20)
    refused = [one for one in answers if one.status_code == 503]
    assert len(refused) == 8 and [one.status_code for one in answers].count(200) == 4
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    assert refused[0].json()["error"]["message"] == "queue must have at most 3 requests, got one more."


def test_a_request_whose_worker_dies_is_answered_by_the_next(make: Callable[..., Any]) -> None:
    died: list[int] = []

    def act(payloads: Sequence[Payload]) -> None:
        if not died:
            died.append(1)
            raise WorkerDied("worker was killed")

    served = make(act)
    assert served.ask(text="a").status_code == 200
    assert (served.workers[0].starts, len(served.workers[0].seen)) == (2, 2)
    assert "mmexp_worker_restarts_total 1.0" in served.client.get("/metrics").text


def test_a_request_that_kills_every_worker_is_answered_and_takes_no_other_along(make: Callable[..., Any]) -> None:
    gate = threading.Event()

    def act(payloads: Sequence[Payload]) -> None:
        gate.wait(20)
        if any(one.values["text"] == "3" for one in payloads):
            raise WorkerDied("worker was killed")

    served = make(act)

    def everything() -> bool:
        """Whether all five have come: some are being predicted, the others wait."""
        return sum(map(len, served.workers[0].seen)) + len(served.dispatcher._queue) == 5

    opener = threading.Thread(target=lambda: until(everything) or gate.set())
    opener.start()
    answers = served.together(5)
    opener.join(20)
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 200, 500]
    (failed,) = (one.json()["error"] for one in answers if one.status_code == 500)
    assert failed == {
        "code": "worker_died",
        "message": "worker must live until it has answered, got 3 that died.",
    }


def test_an_idle_worker_that_is_gone_is_started_again(make: Callable[..., Any]) -> None:
    served = make()
    served.workers[0].living = False
    until(lambda: served.workers[0].starts == 2)
    assert served.ask(text="a").status_code == 200


def test_an_answer_that_takes_too_long_is_a_504(make: Callable[..., Any]) -> None:
    gate = threading.Event()
    served = make(waiting(gate), answer=0.2)
    answer = served.ask(text="a")
    gate.set()
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timeout")
    assert "answer must take at most 0.2 s, got none until then" in answer.json()["error"]["message"]


def test_what_fails_in_the_front_itself_is_still_an_answer(make: Callable[..., Any]) -> None:
    def act(payloads: Sequence[Payload]) -> list[Answer]:
        raise TypeError("no pickle")

    answer = make(act).ask(text="a")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "no pickle" not in answer.text


def test_a_run_that_cannot_be_restored_is_said_at_the_start(make: Callable[..., Any], fake: Any) -> None:
    class Broken(fake):  # type: ignore[misc]
        def start(self) -> Any:
            raise ConfigError("run: x must have a checkpoint, got none.")

    with pytest.raises(ConfigError, match=r"must have a checkpoint, got none"):
        make(Broken())


def test_a_server_that_stops_refuses_new_requests(make: Callable[..., Any]) -> None:
    served = make()
    served.dispatcher.close()
    answer = served.ask(text="a")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert served.client.get("/ready").status_code == 503 and served.client.get("/health").status_code == 200


def test_workers_are_loaded_anew_one_after_another(make: Callable[..., Any]) -> None:
    served = make(None, None)
    served.dispatcher.reload()
    until(lambda: [worker.starts for worker in served.workers] == [2, 2])
    assert served.ask(text="a").status_code == 200
