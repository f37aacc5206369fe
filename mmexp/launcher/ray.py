"""Jobs as tasks of a Ray cluster, or of a Ray that is started for them on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mmexp.error import ConfigError, ResourceError
from mmexp.launcher.base import Report
from mmexp.launcher.remote import Outcome, RemoteJob, RemoteLauncher
from mmexp.run.machine import cpu_count
from mmexp.runner.jobs import Job

if TYPE_CHECKING:
    from ray import ObjectRef

LOST = 3  # times that a worker is replaced which Ray has lost
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on every system: one that listens to this machine alone
    "RAY_DISABLE_IMPORT_WARNING": "1",
}
"""Environment of a Ray that is started here: it reports to nobody, and nobody else reaches it."""


class RayLauncher(RemoteLauncher):
    """Run jobs as Ray tasks, each with its resources. A worker that is lost is replaced, and the run is resumed.

    The machines of the cluster share the disk, and have mmexp installed.

    Args:
        workers: Jobs at once; None for as many as this machine has cores for.
        address: Of a running cluster, such as ``auto`` or ``head:6379``; None starts one on this machine, which
            ends with the sweep.
        cpus: Cores of each job.
        gpus: GPUs of each job.
        memory: GB that Ray reserves for each job; None for none.
        time_limit: As of ``Launcher``.
        fail_fast: As of ``Launcher``.
        retries: As of ``Launcher``, beyond workers that are lost.
        back_off: As of ``Launcher``.

    Raises:
        ValueError: If there are no cores.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        address: str | None = None,
        cpus: int = 1,
        gpus: float = 0,
        memory: float | None = None,
        time_limit: float | None = None,
        fail_fast: bool = False,
        retries: int = 0,
        back_off: bool = True,
    ) -> None:
        if cpus < 1:
            raise ValueError(f"RayLauncher: cpus must be at least 1, got {cpus}.")
        super().__init__(
            workers=max(1, cpu_count() // cpus) if workers is None else workers,
            time_limit=time_limit,
            fail_fast=fail_fast,
            retries=retries,
            back_off=back_off,
        )
        self.address, self.cpus, self.gpus, self.memory = address, cpus, gpus, memory

    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        ray = _ray(self.address)
        own = not ray.is_initialized()
        if own:
            _start(ray, self.address, self.cpus * self.workers)
        try:
            super().launch(jobs, report)
        finally:
            if own:
                ray.shutdown()

    def submit(self, jobs: Sequence[Job]) -> Sequence[RaySubmission]:
        import ray

        asked: dict[str, Any] = {"num_cpus": self.cpus, "num_gpus": self.gpus, "max_retries": LOST}
        asked |= {} if self.memory is None else {"memory": int(self.memory * 1e9)}
        task = ray.remote(**asked)(RemoteJob.__call__)
        return [RaySubmission(task.remote(RemoteJob(job, self, self.cpus))) for job in jobs]


class RaySubmission:
    """One task.

    Args:
        task: Its future result.
    """

    def __init__(self, task: ObjectRef[Outcome]) -> None:
        self.task = task

    def outcome(self) -> Outcome | None:
        """Return what it has returned, or that Ray has lost it."""
        import ray
        from ray.exceptions import RayError, TaskCancelledError

        ready, _ = ray.wait([self.task], timeout=0)
        if not ready:
            return None
        try:
            found: Outcome = ray.get(self.task)
            return found
        except TaskCancelledError:
            return Outcome("stopped", "Cancelled by request.", is_lost=True)
        except RayError as error:
            *_, last = ["", *str(error).strip().splitlines()]
            return Outcome("killed", f"Ray has lost it: {last}", is_lost=True)

    def cancel(self, kill: bool) -> None:
        """Interrupt it, so that it saves its state, or kill it."""
        import ray

        with suppress(ValueError):  # it has ended
            ray.cancel(self.task, force=kill)


def _ray(address: str | None) -> Any:
    """Import Ray; one that is to be started here is kept to this machine."""
    if address is None:
        os.environ |= {key: value for key, value in QUIET.items() if key not in os.environ}
    try:
        import ray
    except ModuleNotFoundError as error:
        rule = "launcher=ray: package ray must be installed, got none"
        raise ConfigError(f"{rule}.", "Run: pip install ray") from error
    return ray


def _start(ray: Any, address: str | None, cores: int) -> None:
    """Connect to a cluster, or start one that has the cores which the jobs ask for.

    Raises:
        ResourceError: If that fails.
    """
    known = {"address": address} if address else {"address": "local", "num_cpus": cores, "include_dashboard": False}
    try:
        ray.init(**known, log_to_driver=False, logging_level="error", configure_logging=True)
    except (ConnectionError, RuntimeError, ValueError) as error:
        rule = "launcher.address must be that of a Ray cluster that answers"
        raise ResourceError(f"{rule}, got {address} ({error}).", "Is it the one that ray status shows?") from error
