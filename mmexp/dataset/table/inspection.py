"""Reads files once, in threads, and notes what they turn out to be."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mmexp.contract import Waveform
from mmexp.dataset.kind.media import READERS, Folder
from mmexp.dataset.table.rows import IGNORED, MASK

THREADS = min(8, os.cpu_count() or 1)
File = tuple[str, str]
"""Modality, or target, and path as the manifest gives it."""


@dataclass(frozen=True)
class Probe:
    """What one file turned out to be.

    Args:
        size: In bytes.
        rate: Of sound, in Hz; 0 for anything else.
        shape: Height and width of a picture or mask, in pixels; empty for anything else.
        top: Largest number in a mask, but for IGNORED; -1 if it has no other.
        fault: Why it cannot be used; empty if it can.
    """

    size: int = 0
    rate: int = 0
    shape: tuple[int, ...] = ()
    top: int = -1
    fault: str = ""


def probe_all(files: Sequence[File], kinds: Mapping[str, str], folder: Folder) -> Iterator[tuple[File, Probe]]:
    """Read files in threads, as decoding is done outside Python's lock; give them back in order."""
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            yield from zip(files, pool.map(lambda file: _probe(file, kinds[file[0]], folder), files), strict=True)
        finally:
            pool.shutdown(cancel_futures=True)


def _probe(file: File, kind: str, folder: Folder) -> Probe:
    name, value = file
    try:
        path = folder.locate(value)
        content = READERS[kind](path)
    except ValueError as fault:
        return Probe(fault=f"{name} {value!r} {fault}.")
    size = path.stat().st_size
    if isinstance(content, Waveform):
        return Probe(size, content.rate)
    return Probe(size, shape=content.shape[:2], top=_top(content) if kind == MASK else -1)


def _top(mask: np.ndarray) -> int:
    return max(np.unique(mask[mask != IGNORED]).tolist(), default=-1)
