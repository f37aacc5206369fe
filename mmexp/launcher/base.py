"""Where jobs run: a launcher takes jobs, runs them, and reports when each begins and ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from mmexp.runner.jobs import Job

Report = Callable[[Job], None]


class Launcher(ABC):
    """Run jobs, some at a time; one that fails does not stop the others.

    Args:
        workers: Jobs at once.
        time_limit: Seconds after which a job is asked to stop; None for no limit.
        fail_fast: Whether to start no further job once one has failed.
        retries: How often a job of a sweep is tried again that was killed, or failed by an error nobody expected.
        back_off: Whether a job of a sweep whose batch does not fit in memory is tried again with half of it, and twice
            the accumulation, as often as it takes.

    Attributes:
        waits: Whether ``launch`` returns once its jobs have ended; else they go on by themselves.

    Raises:
        ValueError: If there are no workers, no time, or a negative number of retries.

    Example:
        >>> from mmexp import Launcher
        >>> class DryLauncher(Launcher):
        ...     def launch(self, jobs, report=lambda job: None):
        ...         for job in jobs:
        ...             job.status, job.reason = "stopped", "not run"
        ...             report(job)
        >>> DryLauncher(workers=2).workers
        2
    """

    waits: bool = True

    def __init__(
        self,
        *,
        workers: int = 1,
        time_limit: float | None = None,
        fail_fast: bool = False,
        retries: int = 0,
        back_off: bool = True,
    ) -> None:
        name = type(self).__name__
        if workers < 1:
            raise ValueError(f"{name}: workers must be at least 1, got {workers}.")
        if time_limit is not None and time_limit <= 0:
            raise ValueError(f"{name}: time_limit must be above 0 s, got {time_limit:g}.")
        if retries < 0:
            raise ValueError(f"{name}: retries must be at least 0, got {retries}.")
        self.workers, self.time_limit, self.fail_fast = workers, time_limit, fail_fast
        self.retries, self.back_off = retries, back_off

    @abstractmethod
    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        """Run all jobs, in order of their start, and keep ``status``, ``reason``, ``seconds`` and ``path`` of each.

        A job that was not started, because of ``fail_fast`` or a signal, stays waiting; so does one that waits in the
        queue of a cluster when a launcher returns that does not wait.

        Args:
            jobs: All of them waiting.
            report: Called with a job when it has begun and when it has ended.

        Raises:
            Stopped: If a signal came; running jobs have saved their state.
        """
