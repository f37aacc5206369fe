"""A folder that is complete under its name, or absent, and what of a run it carries."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmexp.error import ConfigError
from mmexp.run.atomic import TEMP
from mmexp.run.folder import RunFolder


@contextmanager
def new_folder(path: Path, mark: str) -> Iterator[Path]:
    """Open a folder that takes its name only when the block ends well, in place of an earlier one of its kind.

    Args:
        path: Final name.
        mark: Name of a file that each folder of its kind holds.

    Yields:
        A folder next to ``path``, to write into.

    Raises:
        ConfigError: If ``path`` is there and not of its kind.
    """
    if path.exists() and not (path / mark).is_file():
        raise ConfigError(f"{path}: folder must be a new one, got one without {mark}.", "Set --to to another folder.")
    path.parent.mkdir(parents=True, exist_ok=True)
    place, old = (path.with_name(f"{TEMP}{path.name}-{os.getpid()}-{os.urandom(2).hex()}") for _ in range(2))
    place.mkdir()
    try:
        yield place
        if path.exists():
            path.rename(old)
        place.rename(path)
    finally:
        for rest in (place, old):
            shutil.rmtree(rest, ignore_errors=True)


def carry(run: RunFolder, path: Path) -> None:
    """Copy what makes tensors of samples: the config, the facts with their files, and settings of pretrained models.

    Args:
        run: The run.
        path: The folder that takes them.
    """
    for file in (run.config, run.facts, run.tokenizer, *sorted(run.path.glob("*.jsonl"))):
        if file.is_file() and file not in (run.metrics, run.skipped):
            shutil.copyfile(file, path / file.name)
    if (models := run.path / "models").is_dir():
        shutil.copytree(models, path / models.name)
