"""How large a file says that it is, in its header: asked before anything is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from mmexp.dataset.kind.audio import AudioKind
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.image import IMAGE_FORMATS, ImageKind
from mmexp.dataset.kind.video import VideoKind
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal


def refuse_large(name: str, kind: Kind, path: Path, limits: Limits) -> None:
    """Refuse an image of too many pixels or a recording of too many seconds. A broken file is left to its kind.

    Raises:
        Refusal: If it says that it is larger than the limits.
    """
    if isinstance(kind, ImageKind | VideoKind):
        refuse_many_pixels(name, path, limits)
    if isinstance(kind, AudioKind) and (seconds := _seconds(path)) > limits.seconds:
        rule = f"{name} must last at most {limits.seconds:g} s"
        raise Refusal(413, "too_long", f"{rule}, got {seconds:g} s.")


def refuse_many_pixels(name: str, file: Path | BinaryIO, limits: Limits) -> None:
    """Refuse an image of too many pixels. A broken one is left to whoever reads it.

    Raises:
        Refusal: If it says that it is larger than the limits.
    """
    width, height = _pixels(file)
    if width * height > limits.pixels:
        rule = f"{name} must have at most {limits.pixels} pixels"
        raise Refusal(413, "too_many_pixels", f"{rule}, got {width}x{height}.")


def _pixels(path: Path | BinaryIO) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            return image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return 2**20, 2**20
    except Exception:
        return 0, 0


def _seconds(path: Path) -> float:
    import soundfile

    try:
        found = soundfile.info(path)
        return float(found.frames / found.samplerate)
    except Exception:
        return 0.0
