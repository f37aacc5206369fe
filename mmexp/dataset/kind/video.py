"""Videos as frames: a folder of images, or a list of their paths. Video files are not read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import ImageKind, read_image, size
from mmexp.dataset.kind.inspection import File, Inspection, Neighbours
from mmexp.dataset.kind.media import FileKind

_FRAME = ImageKind()


class VideoKind(FileKind):
    """Frames of one size, as uint8 RGB [T, H, W, 3]; each is a file."""

    inputs = {"video": ("video",)}
    order = 50

    def specificity(self, cell: Any) -> int:
        """Return how narrowly a list of paths of images is described."""
        if not isinstance(cell, list) or not cell:
            return 0
        return min(map(_FRAME.specificity, cell))

    def open(self, path: Path) -> np.ndarray:
        """Decode one frame."""
        return _FRAME.open(path)

    def inspect(self, content: np.ndarray) -> Mapping[str, Any]:
        return _FRAME.inspect(content)

    def read(self, cell: Any, folder: Folder) -> list[str]:
        return name_frames(cell, folder)

    def paths(self, value: Any) -> Sequence[Any]:
        return paths_in(value)

    def load(self, value: Any, folder: Folder) -> np.ndarray:
        return read_frames([folder.locate(path) for path in value])

    def check(self, name: str, value: Any, row: Neighbours, inspected: Mapping[File, Inspection]) -> None:
        """Make sure that all frames are of one size."""
        shapes = {inspected[name, path].facts["shape"] for path in value}
        if len(shapes) > 1:
            raise ValueError(f"must have frames of one size, got {' and '.join(sorted(map(size, shapes)))}")


def paths_in(value: Any) -> list[Any]:
    """Return the paths in a cell: that of a folder, or those of frames."""
    given = parse(value)
    return given if isinstance(given, list) else [given]


def name_frames(value: Any, folder: Folder) -> list[str]:
    """Return the path of each frame, of a folder in the order of the numbers in their names. Nothing is opened.

    Raises:
        ValueError: If it is neither a folder with images nor a list of paths, or a path leaves the root.
    """
    frames = paths_in(value)
    if not isinstance(parse(value), list):
        path = folder.locate(frames[0])
        names = [one.name for one in path.iterdir() if _is_frame(one)] if path.is_dir() else []
        frames = [f"{frames[0].rstrip('/')}/{name}" for name in sorted(names, key=_natural)]
    if not frames:
        raise ValueError(
            f"must be a folder of frames or a list of their paths, got {value!r}{_how_to_cut(value, folder)}"
        )
    for frame in frames:
        folder.locate(frame)
    return frames


def _how_to_cut(value: Any, folder: Folder) -> str:
    """Return what to type for the frames of a video file; empty if it is none."""
    if not isinstance(value, str) or not (path := folder.locate(value)).is_file():
        return ""
    words = ["ffmpeg", "-i", str(path), str(path.with_suffix("") / "%05d.png")]
    return f". Make its frames a folder: mkdir {shlex.quote(str(path.with_suffix('')))} && {shlex.join(words)}"


def read_frames(paths: list[Path]) -> np.ndarray:
    """Decode frames of one size. -> uint8 RGB [T, H, W, 3]

    Raises:
        ValueError: If one is no whole image, or of another size.
    """
    frames = [read_image(path) for path in paths]
    if len(sizes := {frame.shape for frame in frames}) > 1:
        raise ValueError(f"must have frames of one size, got {len(sizes)} sizes")
    return np.stack(frames)


def _is_frame(path: Path) -> bool:
    return _FRAME.suffix_length(path.name) > 0 and not path.name.startswith(".")


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort ``9.png`` before ``10.png``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
