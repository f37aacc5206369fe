"""Images as the text that a page holds them by."""

from __future__ import annotations

import base64
import io

from PIL import Image


def png(image: Image.Image) -> bytes:
    """Return an image as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


def data_url(image: Image.Image) -> str:
    """Return an image as a data URL (RFC 2397) of a PNG."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"
