"""Images and audio of a run within the page: thumbnails made anew, short audio, and no more of either than fits."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from mmexp.analysis.report.html import Html, tag

SIDE = 112  # pixels of a thumbnail's longer side
LARGEST = 40_000_000  # pixels that are decoded
_AUDIO = 200_000  # bytes of one recording


class Media:
    """What is shown of files, until the page is large enough.

    Args:
        room: Bytes for all of them.

    Attributes:
        left_out: Number of files for which there was no room.
    """

    def __init__(self, room: int = 2_500_000) -> None:
        self.room = room
        self.left_out = 0

    def show(self, path: Path, title: str) -> Html | None:
        """Return a thumbnail or a player; None for a file that is neither, cannot be read or has no room."""
        data = _audio(path) if path.suffix == ".wav" else _thumbnail(path)
        if not data:
            return None
        if len(data) * 4 / 3 > self.room:
            self.left_out += 1
            return None
        self.room -= len(data) * 4 // 3
        kind = "audio/wav" if path.suffix == ".wav" else "image/jpeg"
        source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
        if path.suffix == ".wav":
            return tag("audio", controls=True, preload="none", src=source, aria_label=title)
        return tag("img", src=source, alt=title, loading="lazy")


def _thumbnail(path: Path) -> bytes | None:
    """Draw an image anew, so that nothing of the file but its pixels reaches the page."""
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > LARGEST:
                return None
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            small = image.convert("RGB")
        small.thumbnail((2 * SIDE, 2 * SIDE))
        buffer = io.BytesIO()
        small.save(buffer, "jpeg", quality=72)
        return buffer.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _audio(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > _AUDIO:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    return data if data[:4] == b"RIFF" and data[8:12] == b"WAVE" else None
