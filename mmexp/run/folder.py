"""One folder per run, outputs/<name>/<run-id>/: never shared, never overwritten, found again by part of its id."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmexp.error import ConfigError
from mmexp.run.atomic import FULL, full_disk
from mmexp.run.command import OUTPUTS, setting
from mmexp.run.reference import not_one

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_NAME = re.compile(r"[^\W_][\w.+-]{0,99}")
PACKAGE = "package.json"
"""What a package says of itself; a folder with it stands for a run."""
_DRAWS = 10_000


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class RunFolder:
    """Say where each file of a run lies.

    Args:
        path: The folder; its name is the run id.
    """

    path: Path

    @classmethod
    def create(
        cls,
        outputs: Path | str,
        name: str,
        clock: Callable[[], datetime] = _now,
        planned: Callable[[RunFolder], None] = lambda folder: None,
    ) -> RunFolder:
        """Make a new folder that no other process has or gets.

        Args:
            outputs: Folder of all runs.
            name: Folder of this kind of run in it.
            clock: Gives the time in the id; UTC, so that ids sort through summer time and travel.
            planned: Called with the folder before it is made, so that a kill leaves none that nobody knows of.

        Raises:
            ConfigError: If the name is no plain folder name, or nothing can be written there.
            ResourceError: If the disk is full.
        """
        parent = Path(outputs) / checked_name(name)
        try:
            parent.mkdir(parents=True, exist_ok=True)
            return _fresh(parent.absolute(), clock, planned)
        except OSError as error:
            if error.errno in FULL:
                raise full_disk(parent, error, 0) from error
            rule = "outputs must be a folder that can be written to"
            raise ConfigError(
                f"run: {rule}, got {outputs} ({error.strerror}).", "Set outputs to a folder that can be written to."
            ) from error

    @classmethod
    def find(cls, ref: str, outputs: Path | str = OUTPUTS) -> RunFolder:
        """Find one run.

        Args:
            ref: Its path, its id, the beginning of its id, <name>/<id>, or ``last`` for the newest.
            outputs: Folder of all runs.

        Raises:
            ConfigError: If no run, or more than one, answers to ``ref``.
        """
        for path in (Path(ref), Path(outputs) / ref):
            if ref and is_run(path):
                return cls(path.absolute())
        known = runs(outputs)
        if ref == "last":
            matches = [run for run in known if ID.fullmatch(run.id)][-1:]
        else:
            matches = [run for run in known if ref and run.id.startswith(ref)]
        exact = [run for run in matches if run.id == ref] or matches
        if len(exact) != 1:
            raise not_one(ref, [f"{run.name}/{run.id}" for run in exact], [run.id for run in known], outputs)
        return exact[0]

    def remove_unbegun(self) -> None:
        """Remove the folder of a new run if its config is not stored yet, so that there is nothing to resume."""
        if ID.fullmatch(self.id) and not self.start.exists() and not self.checkpoints.exists():
            shutil.rmtree(self.path, ignore_errors=True)

    @property
    def id(self) -> str:
        """Time of creation and four hex digits; later runs sort after earlier ones."""
        return self.path.name

    @property
    def name(self) -> str:
        """Name that this run shares with others of its kind."""
        return self.path.parent.name

    @property
    def config(self) -> Path:
        """The resolved config."""
        return self.path / "config.yaml"

    @property
    def start(self) -> Path:
        """The values of the config that the run began with, and the hash of config.yaml."""
        return self.path / "config.json"

    @property
    def facts(self) -> Path:
        """What is read from the data once, such as the number of classes."""
        return self.path / "facts.json"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer trained on the training split."""
        return self.path / "tokenizer.json"

    @property
    def manifest(self) -> Path:
        """Provenance: what produced the run, and how it ended."""
        return self.path / "manifest.json"  # the name that runs of all versions have

    @property
    def metrics(self) -> Path:
        """One JSON row per logged step."""
        return self.path / "metrics.jsonl"

    @property
    def summary(self) -> Path:
        """Metrics, cost and settings of a finished run."""
        return self.path / "summary.json"

    @property
    def annotation(self) -> Path:
        """Tags and a note that a user has written on the run."""
        return self.path / "annotation.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of saved states."""
        return self.path / "checkpoints"

    @property
    def weights(self) -> Path:
        """Weights alone, in place of checkpoints: what a package holds."""
        return self.path / "model.safetensors"

    @property
    def plots(self) -> Path:
        """Folder of the plots that the task draws."""
        return self.path / "plots"

    @property
    def samples(self) -> Path:
        """Folder of the inputs of a few samples of the test split, for a page to show them."""
        return self.path / "samples"

    @property
    def study(self) -> Path:
        """Folder of what verbs have found out about the run since, with its plots and pages."""
        return self.path / "study"

    @property
    def log(self) -> Path:
        """Log of warnings and messages."""
        return self.path / "log.txt"

    @property
    def skipped(self) -> Path:
        """Samples that could not be read, one JSON row each."""
        return self.path / "skipped.jsonl"

    @property
    def replay(self) -> Path:
        """Ids of the samples that a loss or gradient was not finite on."""
        return self.path / "replay.json"

    @property
    def lock(self) -> Path:
        """Held by the process that writes here."""
        return self.path / "lock"

    def predictions(self, split: str) -> Path:
        """One JSON row per sample of a split."""
        return self.path / "predictions" / f"{split}.jsonl"


def checked_name(name: str) -> str:
    """Return a run name that is safe as a folder, in a shell and in an override.

    Raises:
        ConfigError: If it is not.
    """
    if _NAME.fullmatch(name) and ".." not in name:
        return name
    plain = re.sub(r"\.{2,}|[^\w.+-]+", "-", name).strip("-._+")[:100] or "run"
    rule = "letters, digits and . _ + - (1 to 100, no '..', a letter or digit first)"
    raise ConfigError(f"run: name must be {rule}, got {name!r}.", f"Set {setting('name', plain)}.")


def is_run(path: Path) -> bool:
    """Return whether a folder is that of a run or a package, also after it was renamed or moved."""
    if not path.is_dir():
        return False
    return ID.fullmatch(path.name) is not None or any(
        (path / f).exists() for f in ("manifest.json", "summary.json", PACKAGE)
    )


def runs(outputs: Path | str) -> list[RunFolder]:
    """All runs in outputs/<name>/<run-id>/, oldest first by id."""
    found = [RunFolder(path) for name in folders_in(Path(outputs)) for path in folders_in(name) if is_run(path)]
    return sorted(found, key=lambda run: (run.id, run.name))


def _fresh(parent: Path, clock: Callable[[], datetime], planned: Callable[[RunFolder], None]) -> RunFolder:
    """Make the folder; mkdir lets one process win a name, the others draw again."""
    for _ in range(_DRAWS):
        folder = RunFolder(parent / f"{clock():%Y%m%d-%H%M%S}-{os.urandom(2).hex()}")
        if folder.path.exists():
            continue
        planned(folder)
        with suppress(FileExistsError):
            folder.path.mkdir()
            return folder
    raise FileExistsError(errno.EEXIST, f"{_DRAWS} run ids were taken", str(parent))


def folders_in(path: Path) -> Iterator[Path]:
    """Folders in a folder, without hidden ones; none if it is not there."""
    try:
        with os.scandir(path) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    yield from (path / name for name in names)
