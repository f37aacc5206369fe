"""Runs by what a user calls them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mmexp.error import ConfigError
from mmexp.run.command import OUTPUTS, first_run
from mmexp.run.folder import RunFolder, folders_in, is_run, runs
from mmexp.run.sweep import SweepFolder, is_sweep


def collect(refs: Iterable[str], outputs: Path | str = OUTPUTS) -> list[RunFolder]:
    """Return the runs that ``refs`` name, each once: run folders, folders of runs, sweeps, or what ``find`` takes.

    Raises:
        ConfigError: If one of them names no run.
    """
    found: dict[Path, RunFolder] = {}
    for ref in refs:
        inside = _inside(ref, outputs)
        if not inside:
            raise ConfigError(f"run: folder must hold runs, got none in {ref}.", first_run(ref))
        found.update((run.path.absolute(), run) for run in inside)
    return list(found.values())


def to_compare(
    refs: Sequence[str], outputs: Path | str = OUTPUTS, *, with_trials: bool = False
) -> tuple[list[RunFolder], int]:
    """Return the runs that ``refs`` name, all if there are none, and how many trials of sweeps are left out of them.

    Raises:
        ConfigError: If one of them names no run.
    """
    found, left_out = collect(refs, outputs) if refs else runs(outputs), [] if with_trials else trials(refs, outputs)
    return [one for one in found if one not in left_out], len(left_out)


def trials(refs: Iterable[str], outputs: Path | str = OUTPUTS) -> list[RunFolder]:
    """Return the runs of the sweeps among ``refs`` that chose the settings of other runs of their sweep."""
    found = []
    for sweep in (one for ref in refs for one in _sweeps(ref, outputs)):
        jobs = {job: any(word.startswith("tuned=") for word in job.frozen["words"]) for job in sweep.jobs}
        found += [job.run for job, is_tuned in jobs.items() if any(jobs.values()) and not is_tuned and job.run]
    return found


def said_of_trials(number: int) -> str:
    """Say that the trials of a sweep are not shown."""
    return f"{number} trial(s), which chose the settings of the rows, are left out"


def _sweeps(ref: str, outputs: Path | str) -> list[SweepFolder]:
    return [SweepFolder(path.absolute()) for path in (Path(ref), Path(outputs) / ref) if is_sweep(path)][:1]


def _inside(ref: str, outputs: Path | str) -> list[RunFolder]:
    path = Path(ref)
    for sweep in _sweeps(ref, outputs):
        return [job.run for job in sweep.jobs if job.run]
    if path.is_dir() and not is_run(path):
        return [RunFolder(child) for child in folders_in(path) if is_run(child)] + runs(path)
    return [RunFolder.find(ref, outputs)]
