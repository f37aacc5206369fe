"""The salt of hashed ids."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from mmexp.error import ConfigError

LEAST = 16
"""Characters."""


def salt(path: Path | None, to: Path) -> tuple[bytes, str]:
    """Return the salt of a file, which is made if it is not there, or a random one; and what to say of it.

    Args:
        path: None for a random one, which is not kept.
        to: Folder of the copy, which the file must not lie in.

    Raises:
        ConfigError: If the file lies in the copy, or is too short.
    """
    if path is None:
        return secrets.token_bytes(32), "random, not kept"
    if path.resolve().is_relative_to(to.resolve()):
        raise ConfigError(f"anonymize: --salt-file must lie outside of the copy, got '{path}'.")
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    found = path.read_bytes().strip()
    if len(found) < LEAST:
        raise ConfigError(f"anonymize: --salt-file must hold {LEAST} characters at least, got {len(found)}.")
    return found, f"from {path.name}"
