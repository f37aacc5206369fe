"""Jobs that a file lists."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mmexp.error import ConfigError
from mmexp.run.atomic import write_once
from mmexp.search.base import Search


class ListSearch(Search):
    """Propose the jobs of a file at once: the overrides of a job in each line, after those that are typed.

    The file is kept in the folder of the sweep, so that what happens to it later changes nothing. Empty lines and lines
    that begin with ``#`` are left out.

    Args:
        overrides: As of ``Search``; of all jobs.
        file: Path of the file.
    """

    def __init__(self, *, overrides: Sequence[str], file: str) -> None:
        super().__init__(overrides=overrides)
        self.file = file
        self._asked, self._kept = False, Path(file)

    def open(self, folder: Path, workers: int) -> None:
        kept = folder / f"listed-{hashlib.sha256(self.file.encode()).hexdigest()[:8]}.txt"
        if not kept.exists():
            with suppress(OSError, ValueError):  # which asking reports
                write_once(kept, Path(self.file).read_text(encoding="utf-8"))
        self._kept = kept

    def ask(self) -> list[list[str]]:
        """Return all jobs the first time, none afterwards.

        Raises:
            ConfigError: If the file can't be read, or lists no job.
        """
        if self._asked:
            return []
        self._asked = True
        try:
            lines = (self._kept if self._kept.exists() else Path(self.file)).read_text(encoding="utf-8").splitlines()
            jobs = [shlex.split(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
        except (OSError, ValueError) as error:
            rule = "search.file must be a text with the overrides of a job in each line"
            raise ConfigError(f"ListSearch: {rule}, got {self.file} ({error}).") from error
        if not jobs:
            raise ConfigError(f"ListSearch: search.file must list jobs, got none in {self.file}.")
        return [[*self.overrides, *job] for job in jobs]
