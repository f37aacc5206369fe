"""Read every file once, in threads, before training, and keep what it turns out to be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.kind.media import FileKind

Progress = Callable[[int, int], None]
"""Takes how many files are read, and of how many."""
THREADS = min(8, os.cpu_count() or 1)


def inspect_all(
    files: Sequence[File], kinds: Mapping[str, FileKind], folder: Folder
) -> Iterator[tuple[File, Inspection]]:
    """Read files in threads, as decoding is done outside Python's lock; return them in order.

    Args:
        files: To read.
        kinds: Kind by modality, or target.
        folder: Where they are.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            yield from zip(files, pool.map(lambda file: _inspect(file, kinds[file[0]], folder), files), strict=True)
        finally:
            pool.shutdown(cancel_futures=True)


def _inspect(file: File, kind: FileKind, folder: Folder) -> Inspection:
    name, value = file
    try:
        path = folder.locate(value)
        facts = kind.inspect(kind.open(path))
    except ValueError as fault:
        return Inspection(fault=f"{name} {value!r} {fault}.")
    return Inspection(path.stat().st_size, facts)
