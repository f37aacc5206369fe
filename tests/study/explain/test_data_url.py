from __future__ import annotations

import base64
import io

from PIL import Image

from mmexp.study.explain.data_url import data_url, png


def test_an_image_is_a_png_that_can_be_read_back():
    image = Image.new("RGB", (3, 2), (1, 2, 3))
    head, _, text = data_url(image).partition(",")
    assert head == "data:image/png;base64" and base64.b64decode(text) == png(image)
    assert Image.open(io.BytesIO(png(image))).getpixel((2, 1)) == (1, 2, 3)
