"""A run as Python sees it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmexp.error import ConfigError, nearest
from mmexp.run import advice
from mmexp.run.folder import RunFolder
from mmexp.run.summary import row


@dataclass(frozen=True)
class Run:
    """A run folder, read when it is asked.

    Args:
        folder: Where each of its files lies: ``folder.path``, ``folder.plots``, ``folder.log`` ...

    Example:
        >>> import mmexp
        >>> run = mmexp.load_run("last")
        >>> run.status, run.config["fusion"]["_target_"]
        ('done', 'mmexp.fusion.gated.GatedFusion')
        >>> 0 <= run.metrics["test/accuracy"] <= 1
        True
        >>> run.predictions()[0]["id"]
        'test-000000'
    """

    folder: RunFolder

    def __fspath__(self) -> str:
        return str(self.folder.path)

    @property
    def id(self) -> str:
        """Time at which it began and four hex digits, such as 20250131-120000-1f3a."""
        return self.folder.id

    @property
    def status(self) -> str:
        """done, failed, stopped, running, killed, or broken if its files cannot be read."""
        return row(self.folder).status

    @property
    def metrics(self) -> dict[str, float | None]:
        """Final values by key, such as ``test/accuracy``; None where a metric is undefined. Empty before the end."""
        return dict(row(self.folder).metrics)

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config, in plain containers; ``${facts:...}`` stands for what the data knows.

        Raises:
            ConfigError: If its file is not there, or no longer valid.
        """
        from mmexp.config.compose import load_config

        return load_config(self.folder.config).plain()

    def predictions(self, split: str = "test") -> list[dict[str, Any]]:
        """Return a row per sample of ``val`` or ``test``, with ``id``, the prediction and, where known, the target.

        Raises:
            ConfigError: If the run has written none.
        """
        path = self.folder.predictions(split)
        if not path.is_file():
            rule = f"predictions of {self.id} must be of a split that it was evaluated on"
            raise ConfigError(f"run: {rule}, got {split!r}.", self._lacking(split))
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def _lacking(self, split: str) -> str:
        """What to do for the predictions of a split."""
        if there := sorted(path.stem for path in self.folder.predictions(split).parent.glob("*.jsonl")):
            return nearest(split, there)
        return f"Run: {(advice.evaluate_again if self.status == 'done' else advice.resume)(self.folder)}"


def load_run(ref: str | os.PathLike[str], outputs: str | os.PathLike[str] = "outputs") -> Run:
    """Find a run.

    Args:
        ref: Its path, its id, the beginning of its id, or ``last`` for the newest.
        outputs: Folder of all runs.

    Raises:
        ConfigError: If no run, or more than one, answers to ``ref``.

    Example:
        >>> import mmexp
        >>> run = mmexp.load_run("last")
        >>> mmexp.load_run(run.id) == mmexp.load_run(run.folder.path) == run
        True
    """
    return Run(RunFolder(RunFolder.find(os.fspath(ref), Path(outputs)).path.absolute()))
