"""Requests that wait for a worker: at most so many, predictions first, those that go together in one batch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mmexp.deploy.serve.exchange import Answer, Payload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal


@dataclass(eq=False)
class Job:
    """A request that was taken in.

    Args:
        name: Of the run.
        payload: What is asked.
        done: Becomes its answer.
        arrived: When, by ``time.monotonic``.
        attempts: How many workers have died with it.
    """

    name: str
    payload: Payload
    done: asyncio.Future[Answer]
    arrived: float = field(default_factory=time.monotonic)
    attempts: int = 0

    @property
    def explains(self) -> bool:
        """Whether it asks for more than a prediction."""
        return self.payload.want != "predict"


class RequestQueue:
    """Requests in the order in which they came.

    Args:
        limits: How many may wait, and how many go together.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._jobs: list[Job] = []

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs)

    def add(self, job: Job) -> None:
        """Take in a request.

        Raises:
            Refusal: If as many wait already as may.
        """
        if len(self._jobs) >= self.limits.queue:
            rule = f"queue must have at most {self.limits.queue} requests"
            raise Refusal(503, "queue_full", f"{rule}, got one more.", retry_after=1)
        if job.explains and sum(one.explains for one in self._jobs) >= self.limits.explanations:
            rule = f"queue must have at most {self.limits.explanations} explanations"
            raise Refusal(503, "queue_full", f"{rule}, got one more.", retry_after=2)
        self._jobs.append(job)

    def first(self, explanations: bool) -> Job | None:
        """Return the oldest prediction that is asked for, or else the oldest explanation; None if there is none.

        So a prediction waits for one explanation at most. Those that are answered by now are gone.

        Args:
            explanations: Whether it may be an explanation.
        """
        self._jobs = [job for job in self._jobs if not job.done.done()]
        oldest = next((job for job in self._jobs if not job.explains), None)
        return oldest or next((job for job in self._jobs if explanations), None)

    def together(self, first: Job) -> list[Job]:
        """Return a request with those that are predicted with it: of the same run, as many as a batch holds.

        An explanation is alone, and so is what a worker has died with.
        """
        if first.explains or first.attempts:
            return [first]
        same = (job for job in self._jobs if job.name == first.name and not job.attempts and not job.explains)
        return list(same)[: self.limits.batch]

    def remove(self, jobs: Sequence[Job]) -> None:
        """Take out requests; those that are not here are ignored."""
        self._jobs = [job for job in self._jobs if job not in jobs]

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Put requests before all others."""
        self._jobs[:0] = jobs
