from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmexp.dataset.kind.audio import AudioKind
from mmexp.dataset.kind.image import ImageKind
from mmexp.dataset.kind.text import TextKind
from mmexp.deploy.serve.header import refuse_large
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal

SMALL = Limits(pixels=100, seconds=1.0)


def bomb(path: Path, side: int) -> Path:
    """A PNG that says it is of so many pixels a side, and holds none."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize(("side", "shown"), [(11, "11x11"), (6000, "6000x6000"), (60_000, "1048576x1048576")])
def test_an_image_is_refused_by_its_header(tmp_path: Path, side: int, shown: str) -> None:
    with pytest.raises(Refusal, match=rf"image must have at most 100 pixels, got {shown}") as caught:
        refuse_large("image", ImageKind(), bomb(tmp_path / "a.png", side), SMALL)
    assert caught.value.status == 413


def test_a_recording_is_refused_by_its_header(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(8001), 8000)
    with pytest.raises(Refusal, match=r"audio must last at most 1 s, got 1\.00012 s"):
        refuse_large("audio", AudioKind(), tmp_path / "a.wav", SMALL)


def test_what_is_small_or_broken_is_left_to_its_kind(tmp_path: Path) -> None:
    Image.new("RGB", (10, 10)).save(tmp_path / "a.png")
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    (tmp_path / "broken").write_bytes(b"broken")
    for kind, name in ((ImageKind(), "a.png"), (AudioKind(), "a.wav"), (TextKind(), "broken")):
        refuse_large("in", kind, tmp_path / name, SMALL)
        refuse_large("in", kind, tmp_path / "broken", SMALL)
