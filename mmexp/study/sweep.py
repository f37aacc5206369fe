"""A sweep: jobs that a search proposes and a launcher runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from mmexp.config.compose import compose
from mmexp.config.config import Config
from mmexp.config.instantiate import instantiate
from mmexp.config.schema import SWEEP, key_of, root_of
from mmexp.error import ConfigError
from mmexp.launcher.base import Launcher
from mmexp.run.command import line
from mmexp.run.summary import row
from mmexp.runner.jobs import Job, has_failed
from mmexp.search.base import Search


def sweep(
    search: Search,
    launcher: Launcher,
    read: Callable[[list[list[str]]], list[Job]],
    launch: Callable[[Sequence[Job]], object] | None = None,
) -> list[Job]:
    """Launch the jobs that the search asks for, report their results to it, and ask again until it is over.

    Args:
        search: Proposes overrides.
        launcher: Runs the jobs.
        read: Makes a job of each proposal; all configs of a round are checked before its first job starts.
        launch: Has the launcher run jobs, and may show how they fare; plainly ``launcher.launch`` if None.

    Returns:
        All jobs, in order.

    Raises:
        ConfigError: If a proposal is no valid config.
        Stopped: If a signal came.
    """
    jobs: list[Job] = []
    while proposals := search.ask():
        proposed = read(proposals)
        jobs += proposed
        (launch or launcher.launch)(proposed)
        if launcher.fail_fast and has_failed(proposed):
            break
        for overrides, job in zip(proposals, proposed, strict=True):
            search.tell(overrides, row(job.folder) if job.status in ("done", "pruned") and job.folder else None)
    return jobs


def separate(words: Sequence[str], roots: Sequence[str] = SWEEP) -> tuple[list[str], list[str]]:
    """Separate the overrides of these root keys, launcher and search if none are named, from all other words.

    Returns:
        The other words, then the overrides.
    """
    chosen = [word for word in words if root_of(key_of(word)) in roots and "=" in word]
    return [word for word in words if word not in chosen], chosen


def make_launcher(overrides: Sequence[str] = ()) -> Launcher:
    """Build the launcher that is chosen.

    Args:
        overrides: ``launcher=option``, ``launcher.key=value`` and ``plugins=[...]``; others are passed over.

    Raises:
        ConfigError: If there is no such launcher, or it takes no such value.
    """
    config = _choose("launcher", overrides)
    launcher: Launcher = instantiate("launcher", config.plain()["launcher"], plugins=config.plugins)
    return launcher


def make_search(overrides: Sequence[str], searched: Sequence[str]) -> Search:
    """Build the search that is chosen.

    Args:
        overrides: As for ``make_launcher``, with ``search``.
        searched: Those of the runs, with several values where they are searched over.

    Raises:
        ConfigError: If there is no such search, or it takes no such value.
    """
    config = _choose("search", overrides)
    search: Search = instantiate("search", config.plain()["search"], plugins=config.plugins, overrides=searched)
    return search


def _choose(name: str, overrides: Sequence[str]) -> Config:
    config = compose([word for word in overrides if root_of(key_of(word)) in (*SWEEP, "plugins")])
    if config.node[name] is None:
        raise ConfigError(f"command line: {name} must be a component, got null.", f"Run: {line('list', name)}")
    return config


def read_jobs(
    proposals: Sequence[Sequence[str]],
    prefix: Sequence[str],
    read: Callable[[Sequence[str]], Config],
    fixed: Collection[str] = (),
) -> list[Job]:
    """Compose the config of each job, all of them before any is started.

    Args:
        proposals: The overrides of each job.
        prefix: Words of the command that come before a job's overrides.
        read: Makes a config from a job's overrides.
        fixed: Overrides that no label needs to name, where one job is proposed alone.

    Raises:
        ConfigError: With the problems of all jobs.
    """
    common = set.intersection(*map(set, proposals)) if len(proposals) > 1 else set(fixed)
    jobs, problems = [], []
    for words in proposals:
        label = " ".join(word for word in words if word not in common) or " ".join(words)
        try:
            jobs.append(Job(label, read(words), [*prefix, *words]))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return jobs
