"""Stores of features, each under the hash of all that its content depends on."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.error import DataError
from mmexp.run.atomic import FULL, TEMP

GIB = 1 << 30
_FEATURES, _INDEX = "features.f32", "index.json"
Write = Callable[[str, np.ndarray], None]
"""Takes the name of a value and its features, float32 [N, C]."""


class NotKept(Exception):
    """Features that are not kept, as they go beyond the limit or the disk, or nothing says what they depend on."""


def root() -> Path:
    """Return the folder of all stores: below MMEXP_CACHE if that is set, else in the user's cache."""
    return Path(os.environ.get("MMEXP_CACHE", "~/.cache/mmexp")).expanduser() / "features"


def key_of(parts: Mapping[str, Any], names: Sequence[str]) -> str:
    """Hash what features depend on and the values that they are of, then the former alone.

    Raises:
        NotKept: If a part is not plain JSON, and so may be the same and look otherwise.
    """
    return f"{_hash([parts, sorted(names)])}-{_hash(parts)}"


def _hash(value: Any) -> str:
    try:
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
    except TypeError as fault:
        raise NotKept(f"what they depend on must be plain JSON ({fault})") from fault


@dataclass(frozen=True)
class Store:
    """Features of one backbone for a set of values, complete.

    Args:
        path: Its folder.
    """

    path: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """Return what its features are of, such as the model; ``width``, and ``places``: by name row and length."""
        return dict(json.loads((self.path / _INDEX).read_text(encoding="utf-8")))

    @property
    def size(self) -> int:
        """Bytes on disk; 0 once it is removed."""
        with suppress(FileNotFoundError):
            return sum(file.stat().st_size for file in self.path.iterdir())
        return 0

    @property
    def used(self) -> float:
        """When it was last opened, in seconds since 1970; 0 once it is removed."""
        with suppress(FileNotFoundError):
            return (self.path / _INDEX).stat().st_mtime
        return 0.0

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def opened(self) -> Store:
        """Open its files, which can then be read to their end even if they are removed."""
        os.utime(self.path / _INDEX)
        self._features  # noqa: B018  # made once, when it is first asked for
        return self

    def read(self, name: str) -> np.ndarray:
        """Return the features of a value, memory-mapped; what is written into them is not kept. -> float32 [N, C]

        Raises:
            DataError: If they were damaged on disk.
        """
        row, length, checksum = self.about["places"][name]
        found = self._features[row : row + length]
        if name not in self._checked:
            if zlib.crc32(np.ascontiguousarray(found).data) != checksum:
                raise self._refused("have the checksum that they were written with, got another")
            self._checked.add(name)
        return found

    def has(self, names: Iterable[str]) -> bool:
        """Whether it holds the features of all of these values."""
        return all(name in self.about["places"] for name in names)

    def _refused(self, rule: str) -> DataError:
        hint = f"Run: mmexp cache clear {self.path.name}"
        return DataError(f"features must {rule}.", path=str(self.path), hint=hint)

    @cached_property
    def _checked(self) -> set[str]:
        return set()

    @cached_property
    def _features(self) -> np.ndarray:
        path, rows, width = self.path / _FEATURES, self.about["rows"], self.about["width"]
        if path.stat().st_size != rows * width * 4:
            raise self._refused(f"be {rows * width * 4} bytes, got {path.stat().st_size}")
        return np.memmap(path, np.float32, "c", shape=(rows, width)) if rows else np.zeros((0, width), np.float32)


def stores(folder: Path | None = None) -> list[Store]:
    """Return all that are complete, the one used last first."""
    found = [Store(one.parent) for one in (folder or root()).glob(f"[!.]*/{_INDEX}")]
    return sorted(found, key=lambda store: store.used, reverse=True)


def build(
    key: str,
    about: Mapping[str, Any],
    write: Callable[[Write], None],
    limit: float = inf,
    folder: Path | None = None,
) -> Store:
    """Return the store of a key; if there is none, let ``write`` fill it, in one process while others wait for it.

    Args:
        key: Of what its features depend on.
        about: What they are of, in plain JSON.
        write: Is given a function that takes each value's features.
        limit: Largest size, in GiB.
        folder: Of all stores.

    Raises:
        NotKept: If it comes to be larger, or the disk is full.
    """
    folder = folder or root()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / key
    with _locked(folder / f"{key}.lock"):
        if not (path / _INDEX).is_file():
            _write(path, about, write, limit)
        return Store(path).opened()


def find(key: str, parts: Mapping[str, Any], folder: Path | None = None) -> Store | None:
    """Return the store of a key, opened, if it is there and of these parts; None if not."""
    with suppress(FileNotFoundError, NotKept):
        fits = key.endswith(f"-{_hash(parts)}")
        return next((one.opened() for one in stores(folder) if fits and one.path.name == key), None)
    return None


def trim(limit: float, keep: Sequence[Path] = (), folder: Path | None = None) -> list[Store]:
    """Remove the stores that were used longest ago until all are within a limit.

    A process that has one open goes on reading it.

    Args:
        limit: In GiB.
        keep: Stores that stay.
        folder: Of all stores.

    Returns:
        What was removed.
    """
    found, gone = stores(folder), []
    total = sum(store.size for store in found)
    for store in reversed(found):
        if total <= limit * GIB:
            break
        if store.path not in keep:
            total -= store.size
            remove(store)
            gone.append(store)
    return gone


def remove(store: Store) -> None:
    """Remove a store, so that none sees a part of it."""
    hidden = store.path.with_name(f"{TEMP}{store.path.name}-{os.getpid()}-{time.monotonic_ns()}")
    lock = store.path.with_name(f"{store.path.name}.lock")
    with _locked(lock):
        with suppress(FileNotFoundError):
            store.path.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)
        lock.unlink(missing_ok=True)


def _write(path: Path, about: Mapping[str, Any], write: Callable[[Write], None], limit: float) -> None:
    for left in path.parent.glob(f"{TEMP}{path.name}-*"):
        shutil.rmtree(left, ignore_errors=True)  # of one that was killed: the lock is ours
    shutil.rmtree(path, ignore_errors=True)
    temp = path.with_name(f"{TEMP}{path.name}-{os.getpid()}")
    temp.mkdir()
    places: dict[str, tuple[int, int, int]] = {}
    try:
        rows, width = 0, 0
        with open(temp / _FEATURES, "xb") as file:

            def take(name: str, features: np.ndarray) -> None:
                nonlocal rows, width
                content = np.ascontiguousarray(features, np.float32)
                places[name] = (rows, len(content), zlib.crc32(content.data))
                rows, width = rows + len(content), content.shape[1]
                if rows * width * 4 > limit * GIB:
                    raise NotKept(f"they take more than {limit:g} GiB; set feature_cache to more")
                file.write(content.data.cast("B"))

            write(take)
            file.flush()
            os.fsync(file.fileno())
        index = {**about, "rows": rows, "width": width, "places": places}
        (temp / _INDEX).write_text(json.dumps(index), encoding="utf-8")
        temp.rename(path)
    except BaseException as fault:
        shutil.rmtree(temp, ignore_errors=True)
        if isinstance(fault, OSError) and fault.errno in FULL:
            raise NotKept(f"the disk is full: {path.parent}") from fault
        raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the kernel drops when its holder dies."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
                yield
                return
        finally:
            os.close(handle)
