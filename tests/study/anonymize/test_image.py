from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from mmexp.study.anonymize.image import blur, cleaned

PIXELS = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)


def jpeg(orientation: int = 1, progressive: bool = False) -> bytes:
    image, exif, buffer = Image.fromarray(PIXELS), Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Somebody"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    image.save(buffer, "JPEG", exif=exif, comment=b"of Somebody", progressive=progressive, icc_profile=b"profile")
    return buffer.getvalue() + b"Somebody after the end"


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_loses_its_metadata_and_no_pixel(progressive: bool):
    before = jpeg(progressive=progressive)
    after, counts = cleaned(before)
    assert counts == {"gps": 1, "metadata": 1} and b"Somebody" not in after
    image = read(after)
    assert not image.getexif() and "comment" not in image.info and image.info["icc_profile"] == b"profile"
    assert np.array_equal(np.asarray(image), np.asarray(read(before)))


def test_a_png_loses_its_metadata_and_no_pixel():
    buffer, info, exif = io.BytesIO(), PngImagePlugin.PngInfo(), Image.Exif()
    info.add_text("Author", "Somebody")
    exif[ExifTags.Base.Artist] = "Somebody"
    Image.fromarray(PIXELS).save(buffer, "PNG", pnginfo=info, exif=exif)
    after, counts = cleaned(buffer.getvalue() + b"Somebody")
    assert counts == {"metadata": 1} and b"Somebody" not in after
    assert np.array_equal(np.asarray(read(after)), PIXELS) and not read(after).getexif()


def test_an_image_without_metadata_is_copied_byte_for_byte():
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG")
    assert cleaned(buffer.getvalue()) == (buffer.getvalue(), {})


def test_a_turned_image_is_turned_in_its_pixels():
    after, counts = cleaned(jpeg(orientation=6))
    assert read(after).size == (24, 32) and counts["turned"] == counts["redrawn"] == 1
    assert b"Somebody" not in after and not read(after).getexif()


def test_within_a_box_nothing_can_be_recognised_and_outside_nothing_changes():
    image = Image.fromarray(PIXELS)
    assert blur(image, [8, 4, 16, 12]) and not blur(image, [40, 4, 5, 5])
    after = np.asarray(image)
    mask = np.zeros((24, 32), bool)
    mask[4:17, 8:25] = True
    assert np.array_equal(after[~mask], PIXELS[~mask])
    inside = (slice(4, 16), slice(8, 24))
    assert after[inside].std() < 0.3 * PIXELS[inside].std()
    assert abs(np.corrcoef(after[inside].ravel(), PIXELS[inside].ravel())[0, 1]) < 0.6


def test_boxes_are_counted_and_other_forms_are_drawn_anew():
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "WEBP", lossless=True, exif=Image.Exif())
    after, counts = cleaned(buffer.getvalue(), [[0, 0, 8, 8]])
    assert counts["boxes"] == counts["redrawn"] == 1 and read(after).format == "WEBP"
    assert np.array_equal(np.asarray(read(after))[12:], PIXELS[12:])


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="UnidentifiedImageError"):
        cleaned(b"not an image")
    with pytest.raises(ValueError, match="ends within a scan"):
        cleaned(jpeg()[:-40])


def test_a_format_that_is_none_of_an_image_is_not_opened():
    """Such as PostScript, which is drawn by a program of its own."""
    with pytest.raises(ValueError, match="cannot identify image file"):
        cleaned(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
