"""Read every file once, in threads, before training, and keep what it turns out to be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.kind.media import FileKind
from mmexp.dataset.table.inspection_cache import InspectionCache

Progress = Callable[[int, int], None]
"""Takes how many files are read, and of how many."""
THREADS = min(8, os.cpu_count() or 1)


def inspect_all(
    files: Sequence[File],
    kinds: Mapping[str, FileKind],
    folder: Folder,
    cache: InspectionCache | None = None,
    places: Mapping[str, Path] = MappingProxyType({}),
) -> Iterator[tuple[File, Inspection]]:
    """Read files in threads, as decoding is done outside Python's lock; return them in order.

    Args:
        files: To read.
        kinds: Kind by modality, or target.
        folder: Where they are.
        cache: What is known of files from an earlier reading; none if None.
        places: Where files lie that were located before; a file that is read is located anew.
    """
    memory = cache or InspectionCache(None)
    with ThreadPoolExecutor(THREADS) as pool, memory:
        seen = [_recall(file, kinds[file[0]], folder, memory, places) for file in files]
        unseen = [(file, key, state) for file, (key, state, found) in zip(files, seen, strict=True) if found is None]
        fresh = pool.map(lambda one: _inspect(one[0], kinds[one[0][0]], folder), unseen)
        rest = iter(unseen)
        try:
            for file, (_, _, found) in zip(files, seen, strict=True):
                if found is None:
                    found, (_, key, state) = next(fresh), next(rest)
                    memory.keep(key, state, found)
                yield file, found
        finally:
            pool.shutdown(cancel_futures=True)


def _recall(
    file: File, kind: FileKind, folder: Folder, cache: InspectionCache, places: Mapping[str, Path]
) -> tuple[str, str, Inspection | None]:
    """Return what ``look_up`` does; nothing for a path that is refused, which reading reports."""
    try:
        return cache.look_up(places.get(file[1]) or folder.locate(file[1]), kind)
    except ValueError:
        return "", "", None


def _inspect(file: File, kind: FileKind, folder: Folder) -> Inspection:
    name, value = file
    try:
        path = folder.locate(value)
        return Inspection(_hash(path), kind.inspect(kind.open(path)))
    except ValueError as fault:
        return Inspection(fault=f"{name} {value!r} {fault}.{_cure(value, folder)}")


def _hash(path: Path) -> str:
    """Hash the content of a file; empty where it cannot be read, which decoding reports."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _cure(value: str, folder: Folder) -> str:
    near = folder.nearest(value)
    return f" There is {near!r}." if near and near != value else ""
