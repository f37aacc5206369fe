"""Masks: grey or palette PNG files whose pixels are numbers of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import MAX_PIXELS, ImageKind, size
from mmexp.dataset.kind.inspection import File, Inspection, Neighbours
from mmexp.dataset.kind.media import FileKind, Refused, decoding, opened
from mmexp.error import ConfigError

IGNORED = 255
"""Number of a pixel that counts for nothing."""


class MaskKind(FileKind):
    """Segmentation masks, as uint8 [H, W]; 255 counts for nothing."""

    targets = {"mask": ("mask",)}
    order = 150
    names: tuple[str | None, ...] | None = None

    def open(self, path: Path) -> np.ndarray:
        return read_mask(path)

    def inspect(self, content: np.ndarray) -> Mapping[str, Any]:
        top = max(np.unique(content[content != IGNORED]).tolist(), default=-1)
        return {"shape": content.shape, "top": top}

    def load(self, value: Any, folder: Folder) -> np.ndarray:
        content: np.ndarray = super().load(value, folder)
        ignored = [number for number, name in enumerate(self.names or ()) if name is None]
        return np.where(np.isin(content, ignored), np.uint8(IGNORED), content) if ignored else content

    def check(self, name: str, value: Any, row: Neighbours, inspected: Mapping[File, Inspection]) -> None:
        """Make sure that a mask is as large as the image and has no number without a name."""
        found = inspected[name, value].facts
        shape = row.shape_of(ImageKind, inspected)
        if shape and found["shape"] != shape:
            rule = f"must be as large as the image, {size(shape)}"
            raise ValueError(f"{value!r} {rule}, got {size(found['shape'])}")
        if self.names is not None and found["top"] >= len(self.names):
            rule = f"must hold numbers below {len(self.names)}, or {IGNORED} for none"
            raise ValueError(f"{value!r} {rule}, got {found['top']}")

    def classes_of_files(self, inspected: Iterable[Inspection]) -> list[str | int]:
        """Name the numbers in order, up to the last that has a name; without names, up to the largest one."""
        if self.names is None:
            return [str(number) for number in range(max((one.facts["top"] for one in inspected), default=-1) + 1)]
        last = max((number for number, name in enumerate(self.names) if name is not None), default=-1)
        return [name or str(number) for number, name in enumerate(self.names[: last + 1])]

    def named(self, key: str, names: Sequence[str | None]) -> MaskKind:
        given = [] if isinstance(names, str) or not isinstance(names, Sequence) else list(names)
        if not any(given) or not all(name is None or (isinstance(name, str) and name) for name in given):
            rule = "must be a list of names, or null for what counts for nothing"
            raise ConfigError(f"{key} {rule}, got {names!r}.", f"Run: mmexp train {key}=[sky,road]")
        kind = type(self)()
        kind.names = tuple(given)
        return kind


def read_mask(path: Path) -> np.ndarray:
    """Decode a mask: the number that each pixel of a grey or palette PNG holds. -> uint8 [H, W]

    Raises:
        ValueError: If it is not a whole PNG of at most MAX_PIXELS with one number of at most 8 bits a pixel.
    """
    with opened(path) as file, decoding("a PNG that decodes"), Image.open(file, formats=("PNG",)) as image:
        if image.mode not in ("1", "L", "P"):
            raise Refused(f"must have one number of at most 8 bits a pixel, got mode {image.mode}")
        if image.width * image.height > MAX_PIXELS:
            raise Refused(f"must have at most {MAX_PIXELS} pixels, got {image.width}x{image.height}")
        return np.array(image, np.uint8)
