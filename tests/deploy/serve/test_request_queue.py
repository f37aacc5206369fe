from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from mmexp.deploy.serve.exchange import Answer, Payload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.request_queue import Job, RequestQueue


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    yield found
    found.close()


def job(loop: asyncio.AbstractEventLoop, name: str = "pets", want: Any = "predict", attempts: int = 0) -> Job:
    return Job(name, Payload("a", {}, want), loop.create_future(), attempts=attempts)


def test_those_to_the_same_run_go_together_and_an_explanation_and_a_repeated_one_alone(loop: Any) -> None:
    queue = RequestQueue(Limits(batch=2))
    first, other, same, explain, again = jobs = [
        job(loop),
        job(loop, "cars"),
        job(loop),
        job(loop, want="explain"),
        job(loop, attempts=1),
    ]
    for one in jobs:
        queue.add(one)
    assert queue.together(first) == [first, same] and queue.together(other) == [other]
    assert queue.together(explain) == [explain] and queue.together(again) == [again]
    assert list(queue) == jobs


def test_the_oldest_prediction_comes_first_then_explanations_and_one_that_is_answered_is_gone(loop: Any) -> None:
    queue = RequestQueue(Limits())
    explain, first, second = job(loop, want="contribution"), job(loop), job(loop)
    for one in (explain, first, second):
        queue.add(one)
    assert queue.first(explanations=True) is first is queue.first(explanations=False)
    first.done.set_result(Answer(200, {}))
    assert queue.first(explanations=True) is second and len(queue) == 2
    queue.remove([second])
    assert queue.first(explanations=True) is explain and queue.first(explanations=False) is None
    queue.remove([explain])
    assert queue.first(explanations=True) is None
    queue.put_back([second])
    assert queue.first(explanations=False) is second


def test_more_than_it_holds_is_refused_and_explanations_have_less_room(loop: Any) -> None:
    queue = RequestQueue(Limits(queue=3, explanations=1))
    queue.add(job(loop, want="explain"))
    with pytest.raises(Refusal, match="queue must have at most 1 explanations, got one more") as e:
        queue.add(job(loop, want="contribution"))
    assert (e.value.status, e.value.retry_after) == (503, 2)
    queue.add(job(loop))
    queue.add(job(loop))
    with pytest.raises(Refusal, match="queue must have at most 3 requests, got one more") as e:
        queue.add(job(loop))
    assert (e.value.status, e.value.retry_after) == (503, 1)
