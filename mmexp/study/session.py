"""One process that works on a sweep: it begins one, or joins one that is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from mmexp.config.compose import read_config
from mmexp.config.config import Config
from mmexp.config.schema import SWEEP, key_of
from mmexp.error import ConfigError, Stopped
from mmexp.launcher.base import Launcher
from mmexp.run.job import ENDED
from mmexp.run.machine import without_home
from mmexp.run.sweep import SweepFolder, drafted, sweeps
from mmexp.runner.frozen import Read, first_round, freezer
from mmexp.runner.jobs import Job, has_failed
from mmexp.search.base import Search
from mmexp.study.fair import fair_config, set_budget
from mmexp.study.folds import with_folds
from mmexp.study.sweep import make_launcher, make_search, read_jobs, separate, sweep

Launch = Callable[[SweepFolder, Sequence[Job]], object]
Say = Callable[[str], object]


@dataclass
class SweepSession:
    """What a process needs to work on a sweep.

    Args:
        folder: Of the sweep.
        launcher: Runs the jobs.
        plugins: The override that names packages which the user allows; none if there is none.
        ready: Jobs that this process has composed, by the name of their folder.
        retry: Whether jobs that have failed are trained again.
    """

    folder: SweepFolder
    launcher: Launcher
    plugins: Sequence[str] = ()
    ready: Mapping[str, Job] = field(default_factory=dict)
    retry: bool = False

    def run(self, launch: Launch, say: Say = str) -> list[Job]:
        """Train what is left of the sweep, and return all its jobs.

        Args:
            launch: Completes jobs, and may show how they fare.
            say: Takes a line that says what the jobs of the next round are, where their labels do not.

        Raises:
            Stopped: If a signal came, or somebody asked the sweep to stop.
        """
        request, found = self.folder.request, dict[str, Job]()
        trusted = read_config(self.plugins).plugins if self.plugins else ()
        read = freezer(self.folder, partial(_read, request), trusted, self.ready)
        with self.folder.join() as held:
            held.beat()
            try:
                for words in request["searched"]:
                    search = make_search([*request["chosen"], *self.plugins], words)
                    _refuse_unattended(search, self.launcher)
                    search.open(self.folder.path, self.launcher.workers)
                    round_of = partial(self._read_round, search, read, say)
                    jobs = sweep(search, self.launcher, round_of, partial(launch, self.folder))
                    found |= {job.record.path.name: job for job in jobs if job.record}
                rest = [job.frozen["words"] for job in self.folder.jobs if job.path.name not in found]
                found |= {job.record.path.name: job for job in self._left(read, rest, launch) if job.record}
            except Stopped as stop:
                stop.hint = f"Run: {self.folder.line('resume')}"
                raise
            if not (self.launcher.fail_fast and has_failed(found.values())):
                self.folder.set_over(True)
        return list(found.values())

    def _read_round(self, search: Search, read: Read, say: Say, proposals: list[list[str]]) -> list[Job]:
        if search.asked:
            say(search.asked)
        jobs = read(proposals)
        for words, job in zip(proposals, jobs, strict=True):
            job.retry, job.prune = self.retry and job.status == "failed", search.prune(words)
        return jobs

    def _left(self, read: Read, rest: list[list[str]], launch: Launch) -> list[Job]:
        """Complete jobs that are frozen and no search has asked for now."""
        jobs = read(rest) if rest else []
        if any(job.status not in ENDED for job in jobs):
            launch(self.folder, jobs)
        return jobs


def begin(words: Sequence[str], config: str = "", *, again: bool = False) -> SweepSession:
    """Freeze the first jobs of a new sweep.

    Args:
        words: As typed, those of launcher and search too; ``tune=10`` is short for a search.
        config: File to start from; empty for the defaults.
        again: Whether it may have the jobs of one that was left unfinished.

    Raises:
        ConfigError: If a config is not valid, or such a sweep is there; nothing is left on disk then.
    """
    words = [one for word in words for one in _written_out(word)]
    searched, chosen = separate(words)
    searched = with_folds(searched, config)
    launcher, search = make_launcher(words), make_search(words, searched)
    _refuse_unattended(search, launcher)
    place = [word for word in searched if word.startswith("outputs=") and "," not in word] + _plugins(searched)
    outputs = read_config(place).plain()["outputs"]
    request: dict[str, Any] = {
        "searched": [searched],
        "chosen": chosen,
        "config": str(Path(config).absolute()) if config else "",
        "cwd": without_home(Path.cwd()),
        "command": ["mmexp", "train", "-m", *(["--config", config] if config else []), *words],
    }
    request["note"] = search.note
    with drafted(outputs) as draft:
        search.open(draft.path, launcher.workers)
        asked = search.ask()
        if any(key_of(word) == "fair" for word in searched):
            request["fair"] = set_budget([read_config(one, config) for one in asked])
        ready = first_round(draft, asked, partial(_read, request))
        request["digest"] = _digest(chosen, ready)
        if not again:
            _refuse_unfinished(outputs, request["digest"])
        draft.set_request(request)
        folder = draft.publish()
    for job in ready.values():
        job.record = folder.job(job.config.words)
    return SweepSession(folder, launcher, _plugins(searched), ready)


def resume(folder: SweepFolder, words: Sequence[str] = (), *, retry: bool = False) -> SweepSession:
    """Join a sweep, which from then on is not asked to stop any more.

    Args:
        folder: Of the sweep.
        words: Options of the launcher, and ``plugins=[...]``.
        retry: Whether jobs that have failed are trained again.

    Raises:
        ConfigError: If another word is typed, or plugins are not named again.
    """
    request, (others, typed) = folder.request, separate(words, ("launcher", "plugins"))
    if others:
        rule = "a sweep is resumed with the jobs it has, other words than those of launcher must be left out"
        raise ConfigError(f"sweep: {rule}, got {' '.join(others)}.", f"Run: {folder.line('extend', *others)}")
    plugins = _plugins(typed)
    if lacking := [word for words in request["searched"] for word in _plugins(words) if word not in plugins]:
        rule = "plugins must be named again to be trusted"
        raise ConfigError(f"sweep: {rule}, got none of {lacking[0]}.", f"Run: {folder.line('resume')}")
    launcher = make_launcher([*request["chosen"], *typed])
    folder.stop.unlink(missing_ok=True)
    return SweepSession(folder, launcher, plugins, retry=retry)


def extend(folder: SweepFolder, words: Sequence[str]) -> None:
    """Add jobs to a sweep: those of other values of the words typed before, or more trials of its search.

    Args:
        folder: Of the sweep.
        words: ``key=a,b`` of runs, which take the place of those typed before, and ``search.key=value``.

    Raises:
        ConfigError: If there is nothing to extend it by.
    """
    request, (searched, chosen) = folder.request, separate(words, SWEEP)
    if not words:
        raise ConfigError(f"sweep: extend must be given values, got none for {folder.id}.", "Add seed=3,4")
    if searched:
        request["searched"].append(with_folds(_replaced(request["searched"][0], searched), request["config"]))
    request["chosen"] = _replaced(request["chosen"], chosen)
    folder.set_request(request)
    folder.set_over(False)


def _written_out(word: str) -> list[str]:
    return ["search=tune", f"search.trials={word[5:]}"] if word.startswith("tune=") else [word]


def _plugins(words: Sequence[str]) -> list[str]:
    return [word for word in words if word.startswith("plugins=")]


def _replaced(words: Sequence[str], others: Sequence[str]) -> list[str]:
    keys = {key_of(word) for word in others}
    return [*(word for word in words if key_of(word) not in keys), *others]


def _read(request: Mapping[str, Any], proposals: Sequence[Sequence[str]]) -> list[Job]:
    path = request["config"]
    prefix = ["mmexp", "train", *(["--config", path] if path else [])]
    fixed = set(request["searched"][0])
    read: Callable[[Sequence[str]], Config] = lambda words: read_config(words, path)  # noqa: E731
    if fair := request.get("fair"):
        return read_jobs(proposals, prefix, lambda words: fair_config(words, read, fair), fixed)
    return read_jobs(proposals, prefix, read, fixed)


def _digest(chosen: Sequence[str], jobs: Mapping[str, Job]) -> str:
    searched = [word for word in chosen if not word.startswith("launcher")]
    known = [searched, sorted((name, job.config.key) for name, job in jobs.items())]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def _refuse_unattended(search: Search, launcher: Launcher) -> None:
    """Refuse a search that learns from its jobs where nobody waits for them."""
    if search.learns and not launcher.waits:
        rule = f"{type(search).__name__} learns from its jobs, so that launcher.wait must be true"
        raise ConfigError(f"Sweep: {rule}, got false.", "Add launcher.wait=true")


def _refuse_unfinished(outputs: str, digest: str) -> None:
    """Refuse to begin a sweep anew that was left unfinished; one that is being worked on hinders nobody."""
    for folder in reversed(sweeps(outputs)):
        if folder.request.get("digest") == digest and not folder.is_over() and not folder.is_alive():
            states = [job.state().status for job in folder.jobs]
            done = f"{states.count('done')} of {len(states)} done"
            rule = "jobs must be new"
            hint = f"Run: {folder.line('resume')}\nTo train all of them anew, add --new."
            raise ConfigError(f"Sweep: {rule}, got those of {folder.id}, which is unfinished ({done}).", hint)
