"""Opens image and sound files, below one folder only, and refuses what is broken or too large.

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

Formats: JPEG, PNG, GIF, BMP, TIFF, WebP; WAV, FLAC, OGG, MP3, which become mono float32 at their own rate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from mmexp.contract import Waveform

MEDIA: Mapping[str, str] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp"), "image"),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".mp3"), "audio"),
}
"""Kind of a file by its suffix."""
IMAGE_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
MAX_PIXELS = 50_000_000
MAX_SAMPLES = 50_000_000
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_RIFF_SLACK = 8


class Folder:
    """Finds files by paths that a manifest gives, and none outside its root.

    Args:
        root: Every file must lie below it, links resolved.
        base: Folder that relative paths start from.
    """

    def __init__(self, root: Path, base: Path) -> None:
        self.root, self.base = root.resolve(), base

    def locate(self, value: Any) -> Path:
        """Resolve a path without opening it.

        Raises:
            ValueError: If it is no relative path, or leaves the root.
        """
        if not isinstance(value, str) or not value or "\0" in value:
            raise ValueError(f"must be a path, got {value!r}")
        if _SCHEME.match(value) or Path(value).is_absolute():
            raise ValueError(f"must be a path relative to the manifest, got {value!r}")
        try:
            path = (self.base / value).resolve()
        except (OSError, RuntimeError, UnicodeError):
            raise ValueError(f"must be a path that leads somewhere, got {value!r}") from None
        if not path.is_relative_to(self.root):
            raise ValueError(f"must lie inside {self.root}, got {value!r}")
        return path


def read_image(path: Path) -> np.ndarray:
    """Decode an image. -> uint8 RGB [H, W, 3]

    Raises:
        ValueError: If it is not a whole image of at most MAX_PIXELS.
    """
    with _open(path) as file, _decoding("an image that decodes"):
        try:
            image = Image.open(file, formats=IMAGE_FORMATS)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
            raise _Unfit(f"must have at most {MAX_PIXELS} pixels, got more: {fault}") from None
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise _Unfit(f"must have at most {MAX_PIXELS} pixels, got {image.width}x{image.height}")
            ImageOps.exif_transpose(image, in_place=True)
            return np.array(_rgb(image))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        depth = np.asarray(image)
        if depth.min() < 0 or depth.max() > 0xFFFF:
            raise _Unfit(f"must have at most 16 bits a channel, got values {depth.min()} to {depth.max()}")
        return Image.fromarray((depth >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("F", "LAB", "HSV"):
        raise _Unfit(f"must be of integer grey, RGB, CMYK or a palette, got mode {image.mode}")
    if not image.has_transparency_data:
        return image.convert("RGB")
    canvas = Image.new("RGBA", image.size, "white")
    canvas.alpha_composite(image.convert("RGBA"))
    return canvas.convert("RGB")


def read_mask(path: Path) -> np.ndarray:
    """Decode a mask: the number that each pixel of a grey or palette PNG holds. -> uint8 [H, W]

    Raises:
        ValueError: If it is not a whole PNG of at most MAX_PIXELS with one number of at most 8 bits a pixel.
    """
    with _open(path) as file, _decoding("a PNG that decodes"), Image.open(file, formats=("PNG",)) as image:
        if image.mode not in ("1", "L", "P"):
            raise _Unfit(f"must have one number of at most 8 bits a pixel, got mode {image.mode}")
        if image.width * image.height > MAX_PIXELS:
            raise _Unfit(f"must have at most {MAX_PIXELS} pixels, got {image.width}x{image.height}")
        return np.array(image, np.uint8)


def read_audio(path: Path) -> Waveform:
    """Decode a sound file, its channels averaged.

    Raises:
        ValueError: If it is not whole sound of at most MAX_SAMPLES.
    """
    import soundfile

    with _open(path) as file, _decoding("sound that decodes"):
        _refuse_short_wav(file, path.stat().st_size)
        with soundfile.SoundFile(file) as sound:
            if sound.frames * sound.channels > MAX_SAMPLES:
                raise _Unfit(f"must have at most {MAX_SAMPLES} samples, got {sound.frames} x {sound.channels} channels")
            samples = sound.read(dtype="float32", always_2d=True).mean(1)
            if not 0 < len(samples) == sound.frames:
                raise _Unfit(f"must hold the {sound.frames} samples of its header, at least 1, got {len(samples)}")
        if not np.isfinite(samples).all():
            raise _Unfit("must be finite sound, got NaN or infinity")
        return Waveform(samples, sound.samplerate)


def _refuse_short_wav(file: BinaryIO, size: int) -> None:
    """The decoder takes a WAV that ends early for a short one; its header tells. 0 and 2^32 - 1 say "a stream"."""
    head = file.read(8)
    file.seek(0)
    told = int.from_bytes(head[4:], "little")
    if head[:4] == b"RIFF" and told not in (0, 0xFFFFFFFF) and told > size + _RIFF_SLACK - 8:
        raise _Unfit(f"must be as long as its header says, {told + 8} bytes, got {size}")


READERS: Mapping[str, Callable[[Path], Any]] = {
    "image": read_image,
    "audio": read_audio,
    "video": read_image,
    "mask": read_mask,
}
"""What opens a file, by the kind of what it belongs to; one of a video is a frame."""


class _Unfit(ValueError):
    """A refusal in our own words."""


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        if not path.is_file():
            raise _Unfit("must be a file, got none")
        if path.stat().st_size == 0:
            raise _Unfit("must be a file with content, got 0 bytes")
        with path.open("rb") as file:
            yield file
    except OSError as fault:
        raise _Unfit(f"must be readable, got {fault.strerror}") from None


@contextmanager
def _decoding(rule: str) -> Iterator[None]:
    """Decoders raise whatever they like on broken files; here it becomes one ValueError."""
    try:
        yield
    except (_Unfit, MemoryError):
        raise
    except Exception as fault:
        raise _Unfit(f"must be {rule}, got: {fault}") from fault
