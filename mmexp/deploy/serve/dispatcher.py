"""The queue between requests and workers: bounded and batched; whatever was taken in is answered."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from mmexp.deploy.serve.exchange import Answer, Description, Payload, error
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.meters import Meters
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.request_queue import Job, RequestQueue
from mmexp.deploy.serve.worker import Worker, WorkerDied
from mmexp.error import MmexpError

T = TypeVar("T")
_LOOK = 0.5  # s between two looks at an idle worker
_ATTEMPTS = 3
_BACK_OFF = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # s before a worker is started again
_GRACE = 5.0  # s over the time of an answer until a worker counts as stuck


class Dispatcher:
    """Give requests to workers in batches, and start workers again that die.

    Args:
        workers: Each is asked by one task.
        limits: Of queue, batch and time.
        meters: What is counted.

    Attributes:
        descriptions: Of the runs, by name.
    """

    def __init__(self, workers: Sequence[Worker], limits: Limits, meters: Meters) -> None:
        self.workers, self.limits, self.meters = workers, limits, meters
        self.descriptions: Mapping[str, Description] = {}
        self._queue = RequestQueue(limits)
        self._arrived = asyncio.Event()
        self._ready: set[int] = set()
        self._closing = False
        self._explaining = 0
        self._reload: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._threads = ThreadPoolExecutor(len(workers), thread_name_prefix="worker")
        meters.watch(lambda: len(self._queue), lambda: len(self._ready))

    async def __aenter__(self) -> Self:
        """Start all workers.

        Raises:
            MmexpError: If one cannot load the runs.
        """
        try:
            found = await asyncio.gather(*(self._in_thread(worker.start) for worker in self.workers))
        except WorkerDied as fault:
            self._end_workers()
            raise MmexpError(f"serve: {fault}.") from None
        except BaseException:
            self._end_workers()
            raise
        self.descriptions = found[0]
        self._ready = set(range(len(self.workers)))
        self._tasks = [asyncio.create_task(self._attend(number)) for number in self._ready]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer what was taken in, then end the workers."""
        self.close()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self.limits.answer + _GRACE)
            for task in late:
                task.cancel()
        for job in self._queue:
            self._settle(job, Answer(503, error("stopping", "server must be running, got one that stops.")))
        self._end_workers()

    @property
    def ready(self) -> bool:
        """Whether a request would be taken in and answered now."""
        return bool(self._ready) and not self._closing

    def close(self) -> None:
        """Take in no more requests."""
        self._closing = True
        self._arrived.set()

    def reload(self) -> None:
        """Start each worker anew, one after another, once it has answered what it has."""
        self._reload = set(range(len(self.workers)))

    async def answer(self, name: str, payload: Payload) -> Answer:
        """Return the answer to a request.

        Raises:
            Refusal: If too many wait already, the server is stopping, or there is no answer in time.
        """
        if self._closing:
            raise Refusal(503, "stopping", "server must be running, got one that stops.", retry_after=5)
        job = Job(name, payload, asyncio.get_running_loop().create_future())
        self._queue.add(job)
        self._arrived.set()
        try:
            async with asyncio.timeout(self.limits.answer):
                return await job.done
        except TimeoutError:
            rule = f"answer must take at most {self.limits.answer:g} s"
            raise Refusal(504, "timeout", f"{rule}, got none until then.", retry_after=5) from None
        finally:
            self._queue.remove([job])

    async def _attend(self, number: int) -> None:
        """Give batches to one worker, and start it again when it dies, until the server stops."""
        worker, failures = self.workers[number], 0
        while not (self._closing and not len(self._queue)):
            if number in self._ready and worker.alive and not self._due(number):
                batch = await self._take()
                if not batch or await self._ask(worker, batch):
                    continue
            asked = self._due(number)
            self._ready.discard(number)
            await asyncio.sleep(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
            try:
                await self._in_thread(worker.start)
            except (MmexpError, WorkerDied, OSError) as fault:
                failures += 1
                logging.getLogger(__name__).warning("A worker cannot start: %s", fault)
                continue
            failures = 0
            self._reload.discard(number)
            self._ready.add(number)
            self.meters.restarts.inc(0 if asked else 1)

    def _due(self, number: int) -> bool:
        """Whether it is this worker's turn to load the runs anew: only where another one is there, if there is one."""
        others = self._ready - {number} or len(self.workers) == 1
        return bool(number in self._reload and others and number == min(self._reload))

    async def _take(self) -> list[Job]:
        """Return the oldest request with others to the same run, once the batch is full or it has waited enough."""
        if self._first() is None and not (self._closing and not len(self._queue)):
            self._arrived.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._arrived.wait()
        first = self._first()
        if first is None:
            return []
        rest, batch = first.arrived + self.limits.wait - time.monotonic(), self._queue.together(first)
        if rest > 0 and not first.attempts and not first.explains and len(batch) < self.limits.batch:
            await asyncio.sleep(rest)
            first = self._first()
            batch = self._queue.together(first) if first else []
        self._queue.remove(batch)
        return batch

    def _first(self) -> Job | None:
        """Return the oldest request that may be asked now: one explanation at a time, so that workers stay free."""
        return self._queue.first(explanations=not self._explaining)

    async def _ask(self, worker: Worker, batch: Sequence[Job]) -> bool:
        """Answer a batch; where the worker dies, put each request back, to be tried alone. Return whether it lived."""
        explains = batch[0].explains
        payloads, seconds = [job.payload for job in batch], self.limits.explain if explains else self.limits.answer
        self._explaining += explains
        try:
            answers = await self._in_thread(worker.answer, batch[0].name, payloads, seconds + _GRACE)
        except WorkerDied as fault:
            logging.getLogger(__name__).warning("%s; %s requests are tried again.", fault, len(batch))
            self._put_back(batch)
            return False
        except Exception as fault:  # what it says may repeat a request, so that its place alone is written
            place = "".join(traceback.format_tb(fault.__traceback__))
            logging.getLogger(__name__).error("A worker could not be asked: %s\n%s", type(fault).__name__, place)
            failed = Answer(500, error("internal", "server must ask a worker, got an error of its own."))
            answers = [failed] * len(batch)
        finally:
            self._explaining -= explains
        if explains:
            self._arrived.set()
        else:
            self.meters.batches.labels(batch[0].name).observe(len(batch))
        for job, answer in zip(batch, answers, strict=True):
            self._settle(job, answer)
        return True

    def _put_back(self, batch: Sequence[Job]) -> None:
        for job in batch:
            job.attempts += 1
        lost = [job for job in batch if job.explains or job.attempts >= _ATTEMPTS]
        self._queue.put_back([job for job in batch if job not in lost])
        self._arrived.set()
        for job in lost:
            self._settle(job, self._without_answer(job))

    def _without_answer(self, job: Job) -> Answer:
        """Return what a request is answered whose workers have died; an explanation is not tried again."""
        if job.explains:
            rule = f"explanation must take at most {self.limits.explain:g} s"
            return Answer(504, error("timeout", f"{rule}, got none until then."))
        rule = "worker must live until it has answered"
        return Answer(500, error("worker_died", f"{rule}, got {_ATTEMPTS} that died."))

    def _settle(self, job: Job, answer: Answer) -> None:
        with suppress(asyncio.InvalidStateError):
            job.done.set_result(answer)

    async def _in_thread(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _end_workers(self) -> None:
        for worker in self.workers:
            worker.stop()
        self._threads.shutdown()
