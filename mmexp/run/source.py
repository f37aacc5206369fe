"""Which code of mmexp a run was made with: a hash, as a checkout may change without a new version."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import mmexp


@cache
def source_hash(folder: Path = Path(mmexp.__file__).parent) -> str:
    """Return the hash of all Python files in a folder, by their names and contents; 16 hex digits.

    Args:
        folder: That of the package, unless another is named.
    """
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()[:16]
