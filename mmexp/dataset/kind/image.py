"""Images: JPEG, PNG, GIF, BMP, TIFF and WebP files.

=============================  =====================================================================
an image that is               becomes
=============================  =====================================================================
CMYK, grey, 1-bit, palette     RGB
16 bits deep                   RGB of its upper 8 bits
transparent                    RGB over white
turned by EXIF                 upright
animated                       its first frame
truncated, broken or empty     refused by name
floating point, LAB, HSV       refused by name
over 50 megapixels             refused from its header, nothing decoded
=============================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.media import FileKind, Refused, decoding, opened

IMAGE_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
MAX_PIXELS = 50_000_000
_HEAD = 16  # bytes by which a format is known
SIDE = 8
"""Height and width of a thumbnail, in pixels."""


class ImageKind(FileKind):
    """Images, as uint8 RGB [H, W, 3]."""

    suffixes = (".jpg", ".jpeg", ".jfif", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp")
    inputs = {"image": ("image",)}
    targets = {"image": ()}
    order = 10

    def open(self, path: Path) -> np.ndarray:
        return read_image(path)

    def inspect(self, content: np.ndarray) -> Mapping[str, Any]:
        return {"shape": content.shape[:2]}

    def features(self, cell: Any, folder: Folder) -> np.ndarray:
        """Return the pixels of a thumbnail."""
        try:
            image = Image.fromarray(read_image(folder.locate(cell)))
        except ValueError as fault:
            raise ValueError(f"{cell!r} {fault}") from None
        return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32).ravel()


def size(shape: Sequence[int]) -> str:
    """Return height and width as width x height."""
    return "x".join(map(str, reversed(shape)))


def read_image(path: Path) -> np.ndarray:
    """Decode an image. -> uint8 RGB [H, W, 3]

    Raises:
        ValueError: If it is not a whole image of at most MAX_PIXELS.
    """
    with opened(path) as file, decoding("an image that decodes"):
        try:
            image = Image.open(file, formats=IMAGE_FORMATS)
        except UnidentifiedImageError:
            file.seek(0)
            got = f"no {', '.join(IMAGE_FORMATS)}, whatever its name: it begins with {file.read(_HEAD)!r}"
            raise Refused(f"must be an image that decodes, got {got}") from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
            raise Refused(f"must have at most {MAX_PIXELS} pixels, got more: {fault}") from None
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise Refused(f"must have at most {MAX_PIXELS} pixels, got {image.width}x{image.height}")
            ImageOps.exif_transpose(image, in_place=True)
            return np.array(_rgb(image))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        depth = np.asarray(image)
        if depth.min() < 0 or depth.max() > 0xFFFF:
            raise Refused(f"must have at most 16 bits a channel, got values {depth.min()} to {depth.max()}")
        return Image.fromarray((depth >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("F", "LAB", "HSV"):
        raise Refused(f"must be of integer grey, RGB, CMYK or a palette, got mode {image.mode}")
    if not image.has_transparency_data:
        return image.convert("RGB")
    canvas = Image.new("RGBA", image.size, "white")
    canvas.alpha_composite(image.convert("RGBA"))
    return canvas.convert("RGB")
