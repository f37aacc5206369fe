"""JSON that every reader accepts: what is not a finite number is null."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmexp.error import DataError
from mmexp.run.atomic import write_atomic


def strict(value: Any) -> Any:
    """Return plain JSON types: NaN and infinities become None, numbers of array libraries become Python's.

    Raises:
        TypeError: If something has no JSON form.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return strict(value.tolist())
    raise TypeError(f"strict: value must be a number, text, list or mapping, got {type(value).__name__}.")


def dumps(value: Any) -> str:
    """Strict JSON, two spaces deep, in the order given, ending with a line break."""
    return json.dumps(strict(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON, complete or not at all."""
    write_atomic(path, dumps(value))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; NaN and infinities become None.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If it is not a JSON object.
    """
    try:
        value = json.loads(path.read_bytes(), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise DataError(f"file must be JSON, got {error}.", path=str(path)) from error
    if not isinstance(value, dict):
        raise DataError(f"file must be a JSON object, got {type(value).__name__}.", path=str(path))
    return value
