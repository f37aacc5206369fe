"""Masks: grey or palette PNG files whose pixels are numbers of classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
from PIL import Image

from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Names
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import MAX_PIXELS, ImageKind, size
from mmexp.dataset.kind.inspection import File, Inspection, Neighbours
from mmexp.dataset.kind.media import FileKind, Refused, decoding, opened
from mmexp.error import ConfigError, DataError
from mmexp.run.command import setting

IGNORED = 255
"""Number of a pixel that counts for nothing, unless it has a name."""


class MaskKind(FileKind):
    """Segmentation masks, as uint8 [H, W]; 255 counts for nothing, unless it has a name.

    Names in a list are those of 0, 1, 2 ...; or, where the masks hold as many numbers with gaps between them, such as 0
    and 255, of those in order.
    """

    targets = {"mask": ("mask",)}
    order = 150
    names: tuple[str | None, ...] | None = None
    numbers: tuple[int, ...] | None = None
    _key = "dataset.classes.mask"

    def open(self, path: Path) -> np.ndarray:
        return read_mask(path)

    def inspect(self, content: np.ndarray) -> Mapping[str, Any]:
        return {"shape": content.shape, "numbers": np.unique(content).tolist()}

    def load(self, value: Any, folder: Folder) -> np.ndarray:
        content: np.ndarray = super().load(value, folder)
        if self.names is None:
            return content
        classes = np.full(IGNORED + 1, IGNORED, np.uint8)
        for place, (number, name) in enumerate(zip(self.numbers or range(IGNORED), self.names, strict=False)):
            classes[number] = IGNORED if name is None else place
        return np.take(classes, content)

    def for_column(self, rows: Sequence[Mapping[str, Any]], column: Column, trained: Mapping[str, Any]) -> Self:
        kind = copy(self)
        kind.numbers = self.numbers or (tuple(trained["numbers"]) if "numbers" in trained else None)
        return kind

    def settle(self, name: str, inspected: Sequence[Inspection]) -> None:
        """Say which number is which class, by those that all masks hold.

        Raises:
            DataError: If they have gaps between them and no names, or may be meant in two ways.
        """
        found = sorted({number for one in inspected for number in one.facts.get("numbers", ())})
        known = [number for number in found if number != IGNORED]
        if self.numbers is not None or not known:
            return
        if self.names is None:
            if len(found) > 1 and (known == [0] or 2 * len(known) <= known[-1]):
                self._refuse(name, found, "must be 0, 1, 2 ... or have names")
        elif known[-1] >= len(self.names) or (len(known) < len(self.names) and IGNORED in found):
            if len(found) == len(self.names) and (IGNORED not in found or known == [0] or known[-1] >= len(known)):
                self.numbers = tuple(found)
            elif len(self.names) in (len(found), len(known)):
                self._refuse(
                    name, found, f"must be those of the {len(self.names)} names, or those and {IGNORED} for none"
                )

    def check(self, name: str, value: Any, row: Neighbours, inspected: Mapping[File, Inspection]) -> None:
        """Make sure that a mask is as large as the image and has no number without a name."""
        found = inspected[name, value].facts
        shape = row.shape_of(ImageKind, inspected)
        if shape and found["shape"] != shape:
            rule = f"must be as large as the image, {size(shape)}"
            turned = ", as if the image was turned by EXIF" if found["shape"] == shape[::-1] else ""
            raise ValueError(f"{value!r} {rule}, got {size(found['shape'])}{turned}")
        allowed = self.numbers or range(len(self.names) if self.names is not None else IGNORED)
        if strange := [number for number in found["numbers"] if number not in allowed and number != IGNORED]:
            rule = f"must hold numbers below {len(allowed)}, or {IGNORED} for none"
            if self.numbers is not None:
                rule = f"must hold {', '.join(map(str, self.numbers))}, or {IGNORED} for none"
            raise ValueError(f"{value!r} {rule}, got {strange[-1]}")

    def describe_target(self) -> Mapping[str, Any]:
        """Return the number of each class, where they are not 0, 1, 2 ..."""
        return {} if self.numbers is None else {"numbers": list(self.numbers)}

    def notes(self, name: str) -> list[str]:
        """Say which number is which class, where they are not 0, 1, 2 ..."""
        pairs = zip(self.numbers or (), self.names or (), strict=False)
        listed = ", ".join(f"{number} is {title or 'ignored'}" for number, title in pairs)
        return [f"{name}: {listed}"] if listed else []

    def classes_of_files(self, inspected: Iterable[Inspection]) -> list[str | int]:
        """Name the numbers in order, up to the last that has a name; without names, up to the largest one."""
        if self.names is None:
            numbers = (number for one in inspected for number in one.facts["numbers"] if number != IGNORED)
            return [str(number) for number in range(max(numbers, default=-1) + 1)]
        last = max((number for number, name in enumerate(self.names) if name is not None), default=-1)
        return [name or str(number) for number, name in enumerate(self.names[: last + 1])]

    def named(self, key: str, names: Names) -> MaskKind:
        kind = type(self)()
        kind._key = key
        given = list(names.values()) if isinstance(names, Mapping) else names
        given = [] if isinstance(given, str) or not isinstance(given, Sequence) else list(given)
        if not any(given) or not all(name is None or (isinstance(name, str) and name) for name in given):
            rule = "must be a list of names, or null for what counts for nothing"
            raise ConfigError(f"{key} {rule}, got {names!r}.", f"Set {setting(key, ['sky', 'road'])} or the like.")
        kind.names = tuple(given)
        if isinstance(names, Mapping):
            kind.numbers = tuple(_number(key, number) for number in names)
        return kind

    def _refuse(self, name: str, found: Sequence[int], rule: str) -> NoReturn:
        names = {number: f"class{place}" for place, number in enumerate(found)}
        hint = f"Name each number, or null for what counts for nothing: {setting(self._key, names)}"
        raise DataError(f"numbers of {name} {rule}, got {', '.join(map(str, found))} in all masks together.", hint=hint)


def _number(key: str, number: Any) -> int:
    if not re.fullmatch(r"\d{1,3}", str(number)) or int(number) > IGNORED:
        rule = f"must name numbers from 0 to {IGNORED}"
        raise ConfigError(
            f"{key} {rule}, got {number!r}.", f"Set {setting(key, {0: 'sky', IGNORED: 'road'})} or the like."
        )
    return int(number)


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
