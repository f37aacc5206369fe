"""Where the YAML files lie: the ones that come with mmexp, and the user's own."""

from __future__ import annotations

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
