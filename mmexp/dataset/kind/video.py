"""Films as pictures: a folder of frames, or a list of their paths. Video files are not read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.dataset.kind.media import MEDIA, Folder, read_image
from mmexp.dataset.kind.vector import parse


def paths_in(value: Any) -> list[Any]:
    """Paths that a cell holds: that of a folder, or those of frames."""
    given = parse(value)
    return given if isinstance(given, list) else [given]


def name_frames(value: Any, folder: Folder) -> list[str]:
    """Give the path of each frame, of a folder in the order of the numbers in their names. Nothing is opened.

    Raises:
        ValueError: If it is neither a folder with pictures nor a list of paths, or a path leaves the root.
    """
    frames = paths_in(value)
    if not isinstance(parse(value), list):
        path = folder.locate(frames[0])
        names = [one.name for one in path.iterdir() if _is_picture(one)] if path.is_dir() else []
        frames = [f"{frames[0].rstrip('/')}/{name}" for name in sorted(names, key=_natural)]
    if not frames:
        raise ValueError(f"must be a folder of frames or a list of their paths, got {value!r}")
    for frame in frames:
        folder.locate(frame)
    return frames


def read_frames(paths: list[Path]) -> np.ndarray:
    """Decode frames of one size. -> uint8 RGB [T, H, W, 3]

    Raises:
        ValueError: If one is no whole image, or of another size.
    """
    frames = [read_image(path) for path in paths]
    if len(sizes := {frame.shape for frame in frames}) > 1:
        raise ValueError(f"must have frames of one size, got {len(sizes)} sizes")
    return np.stack(frames)


def _is_picture(path: Path) -> bool:
    return MEDIA.get(path.suffix.lower()) == "image" and not path.name.startswith(".")


def _natural(name: str) -> list[tuple[int, str]]:
    """``9.png`` before ``10.png``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
