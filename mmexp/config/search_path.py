"""Where the YAML files lie: the ones that come with mmexp, and the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mmexp.error import ConfigError


def conf_path() -> Path:
    """Return the conf folder of mmexp: inside the package when installed, next to it in a checkout.

    Raises:
        ConfigError: If neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    places = (package / "conf", package.parent / "conf")
    for path in places:
        if path.is_dir():
            return path
    raise ConfigError(f"conf: folder must come with mmexp, got none at {places[0]}.", "Install mmexp again.")


def user_conf() -> Path | None:
    """Return ./conf of the current folder if it is the user's own, else None."""
    path = Path.cwd() / "conf"
    return path if path.is_dir() and path.resolve() != conf_path() else None


def conf_folders() -> list[Path]:
    """Every conf folder, the user's first: it wins where both have a file."""
    own = user_conf()
    return [own, conf_path()] if own else [conf_path()]


def conf_state() -> tuple[tuple[str, int, int], ...]:
    """Path, time of change and size of every file in the conf folders: the same as long as none is changed."""
    return tuple(sorted(state for folder in conf_folders() for state in _states(folder)))


def _states(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path, _, files in os.walk(folder):
        for name in files:
            file = os.path.join(path, name)
            with suppress(OSError):
                status = os.stat(file)
                yield file, status.st_mtime_ns, status.st_size
