"""Environment variables in a config: ``${oc.env:NAME}`` reads those that say where files lie, and no other.

What is read ends up in names, files and tables, so a variable such as a token is never taken by mistake.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import Any

from omegaconf import OmegaConf

from mmexp.error import ConfigError

READABLE = ("MMEXP_*", "SLURM_*", "HOME", "USER", "TMPDIR", "SCRATCH", "WORK", "DATA")
"""Names, or how they begin; whatever else a config is to know can be given under a name with MMEXP_."""
_NONE: Any = object()


def read_environment(name: str, default: Any = _NONE) -> Any:
    """Return an environment variable, or the default that is written for it.

    Args:
        name: Of the variable.
        default: As written after the name.

    Raises:
        ConfigError: If it may not be read, or is neither set nor has a default.
    """
    if not any(fnmatchcase(name, pattern) for pattern in READABLE):
        rule = f"read an environment variable among {', '.join(READABLE)}"
        raise ConfigError(f"{rule}, got '{name}'. Set MMEXP_{name} and read that, if it is no secret.")
    if name not in os.environ and default is _NONE:
        rule = "read an environment variable that is set"
        raise ConfigError(f"{rule}, got none called '{name}'. Set it, or write ${{oc.env:{name},<default>}}.")
    value = os.environ.get(name, default)
    return None if value is None else str(value)


OmegaConf.register_new_resolver("oc.env", read_environment, replace=True)
