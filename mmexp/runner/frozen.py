"""Jobs of a sweep as they are frozen: each config is resolved and written before the first job of its round starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mmexp.config.compose import load_config, stored
from mmexp.error import ConfigError
from mmexp.run.job import JobFolder
from mmexp.run.redact import redact
from mmexp.run.sweep import SweepFolder
from mmexp.runner.jobs import Job

Read = Callable[[list[list[str]]], list[Job]]


def freeze(folder: SweepFolder, proposals: Sequence[Sequence[str]], jobs: Sequence[Job]) -> None:
    """Write jobs into a sweep, unless they are there.

    Args:
        folder: Of the sweep.
        proposals: Their overrides.
        jobs: Composed of them; each takes its folder as ``record``.
    """
    for words, job in zip(proposals, jobs, strict=True):
        known = {"label": job.label, "typed": job.config.typed, "command": job.command, "key": job.config.key}
        job.record = folder.add(words, known, redact(stored(job.config)))


def thaw(record: JobFolder, plugins: Sequence[str] = ()) -> Job:
    """Make a job of what is frozen, with its state.

    Args:
        record: Its folder.
        plugins: Packages that the user allows.

    Raises:
        ConfigError: If its config is not the one that was frozen.
    """
    known = record.frozen
    loaded = load_config(record.config, plugins=plugins)
    config = replace(loaded, typed=tuple(known["typed"]), words=tuple(known["words"]))
    if config.key != known["key"]:
        rule = "config must be as it was frozen"
        hint = "Put it back, or type the whole sweep again if it needs a password or a key, which no file holds."
        raise ConfigError(f"{record.config}: {rule}, got another one.", hint)
    job = Job(known["label"], config, list(known["command"]), status="waiting", record=record)
    job.refresh()
    return job


def freezer(folder: SweepFolder, read: Read, plugins: Sequence[str], ready: Mapping[str, Job]) -> Read:
    """Return what makes jobs of proposals: of those that are frozen as they are, of others once they are frozen too.

    Args:
        folder: Of the sweep.
        read: Composes jobs.
        plugins: Packages that the user allows.
        ready: Jobs that this process has composed, by the name of their folder.
    """

    def read_round(proposals: list[list[str]]) -> list[Job]:
        new = [words for words in proposals if folder.job(words) is None]
        if new:
            freeze(folder, new, read(new))
        found = [folder.job(words) for words in proposals]
        return [ready.get(one.path.name) or thaw(one, plugins) for one in found if one]

    return read_round


def first_round(folder: SweepFolder, proposals: list[list[str]], read: Read) -> dict[str, Job]:
    """Freeze the jobs that a sweep begins with.

    Returns:
        The jobs by the name of their folder.
    """
    once = [list(words) for words in dict.fromkeys(map(tuple, proposals))]
    jobs = read(once)
    freeze(folder, once, jobs)
    return {job.record.path.name: job for job in jobs if job.record}
