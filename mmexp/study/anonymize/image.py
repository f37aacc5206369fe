"""Images without metadata, and with given boxes blurred; where nothing has to be drawn anew, no pixel changes."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import ExifTags, Image, ImageFilter, ImageOps

from mmexp.dataset.kind.image import IMAGE_FORMATS

Box = Sequence[float]
"""Left, top, width and height in pixels of the image as it is seen."""
QUALITY = 95
"""Of JPEGs that are drawn anew."""
_CELLS = 6  # along the longer side of a box, before it is blurred
_KEPT_CHUNKS = (
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
    b"bKGD",
    b"pHYs",
)
_SOS, _EOI, _COM, _JFIF, _ICC, _ADOBE = 0xDA, 0xD9, 0xFE, 0xE0, 0xE2, 0xEE


def cleaned(data: bytes, boxes: Sequence[Box] = ()) -> tuple[bytes, Counter[str]]:
    """Remove all metadata but the colour profile, turn the image as it is to be seen, and blur boxes.

    A JPEG or PNG that is neither turned nor blurred keeps its pixels: only its segments are left out. Others are drawn
    anew.

    Returns:
        The file, and counts: ``metadata`` and ``gps`` (images that had them), ``turned``, ``boxes``, ``redrawn``.

    Raises:
        ValueError: If it is no image.
    """
    counts: Counter[str] = Counter()
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            exif = image.getexif()
            counts["gps"] += bool(exif.get_ifd(ExifTags.IFD.GPSInfo))
            turned = exif.get(ExifTags.Base.Orientation, 1) not in (0, 1)
            if not turned and not boxes and image.format in ("JPEG", "PNG"):
                kept = _jpeg(data) if image.format == "JPEG" else _png(data)
                counts["metadata"] += len(kept) < len(data)
                return kept, +counts
            drawn = ImageOps.exif_transpose(image)
            counts["metadata"] += bool(exif) or len(image.info) > 0
            for box in boxes:
                counts["boxes"] += blur(drawn, box)
            counts.update(turned=int(turned), redrawn=1)
            return _written(drawn, str(image.format), image.info.get("icc_profile")), +counts
    except (OSError, ValueError, SyntaxError, IndexError) as fault:
        raise ValueError(f"{type(fault).__name__}: {fault}") from fault


def blur(image: Image.Image, box: Box) -> bool:
    """Blur a box of an image so far that nothing in it can be recognised; return whether it lies within."""
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right, bottom = min(image.width, round(box[0] + box[2] + 0.5)), min(image.height, round(box[1] + box[3] + 0.5))
    if right <= left or bottom <= top:
        return False
    part = image.crop((left, top, right, bottom)).convert("RGB")
    cell = max(part.size) / _CELLS
    small = part.resize((max(1, round(part.width / cell)), max(1, round(part.height / cell))), Image.Resampling.BOX)
    soft = small.resize(part.size, Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(cell / 2))
    image.paste(soft.convert(image.mode) if image.mode != "P" else soft.quantize(palette=image), (left, top))
    return True


def _written(image: Image.Image, form: str, profile: bytes | None) -> bytes:
    buffer = io.BytesIO()
    image.info.clear()
    known: dict[str, dict[str, Any]] = {"JPEG": {"quality": QUALITY, "subsampling": 0}, "WEBP": {"lossless": True}}
    options = known.get(form, {})
    own = {"icc_profile": profile} if profile and form in ("JPEG", "PNG", "WEBP", "TIFF") else {}
    image.save(buffer, form, **options, **own)
    return buffer.getvalue()


def _png(data: bytes) -> bytes:
    """Keep the chunks that pixels and colours come from."""
    kept, place = [data[:8]], 8
    while place < len(data):
        length, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        kept += [data[place : place + 12 + length]] if name in _KEPT_CHUNKS else []
        place += 12 + length
        if name == b"IEND":
            break
    return b"".join(kept)


def _jpeg(data: bytes) -> bytes:
    """Keep the segments that pixels and colours come from, up to the end of the first image."""
    return b"\xff\xd8" + b"".join(part for kind, part in _segments(data) if _is_kept(kind, part))


def _is_kept(kind: int, part: bytes) -> bool:
    if kind == _ICC:
        return part[4:15] == b"ICC_PROFILE"
    return kind in (_JFIF, _ADOBE) or not (0xE0 <= kind <= 0xEF or kind == _COM)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the segments of a JPEG after its first marker; entropy-coded data belongs to the scan before it."""
    place = 2
    while place + 1 < len(data):
        kind = data[place + 1]
        if data[place] != 0xFF or kind == 0xFF:
            place += 1
            continue
        if kind == _EOI:
            yield kind, b"\xff\xd9"
            return
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if kind == _SOS:
            end = _end_of_scan(data, end)
        yield kind, data[place:end]
        place = end
    raise ValueError("it has no end")


def _end_of_scan(data: bytes, place: int) -> int:
    while True:
        place = data.find(b"\xff", place)
        if not 0 <= place < len(data) - 1:
            raise ValueError("it ends within a scan")
        if data[place + 1] != 0 and not 0xD0 <= data[place + 1] <= 0xD7:
            return place
        place += 2
