from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from mmexp.contract import Waveform
from mmexp.deploy.serve.answer import plain


def test_an_image_and_a_sound_are_files_and_the_rest_is_json() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    tone = Waveform(np.zeros(80, np.float32), 8000)
    row = plain({"id": "a", "image": pixels, "audio": tone, "score": np.float32(0.5), "bad": float("nan")})
    assert (row["id"], row["score"], row["bad"]) == ("a", 0.5, None)
    assert row["image"]["type"] == "image/png" and row["audio"]["type"] == "audio/wav"
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(row["image"]["base64"]))))
    assert (found == pixels).all() and base64.b64decode(row["audio"]["base64"])[:4] == b"RIFF"
