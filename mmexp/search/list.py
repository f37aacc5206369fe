"""Jobs that a file lists."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from mmexp.error import ConfigError
from mmexp.search.base import Search


class ListSearch(Search):
    """Propose the jobs of a file at once: the overrides of a job in each line, after those that are typed.

    Empty lines and lines that begin with ``#`` are left out.

    Args:
        overrides: As of ``Search``; of all jobs.
        file: Path of the file.
    """

    def __init__(self, *, overrides: Sequence[str], file: str) -> None:
        super().__init__(overrides=overrides)
        self.file = file
        self._asked = False

    def ask(self) -> list[list[str]]:
        """Return all jobs the first time, none afterwards.

        Raises:
            ConfigError: If the file can't be read, or lists no job.
        """
        if self._asked:
            return []
        self._asked = True
        try:
            lines = Path(self.file).read_text(encoding="utf-8").splitlines()
            jobs = [shlex.split(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
        except (OSError, ValueError) as error:
            rule = "search.file must be a text with the overrides of a job in each line"
            raise ConfigError(f"ListSearch: {rule}, got {self.file} ({error}).") from error
        if not jobs:
            raise ConfigError(f"ListSearch: search.file must list jobs, got none in {self.file}.")
        return [[*self.overrides, *job] for job in jobs]
