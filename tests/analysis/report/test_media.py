from __future__ import annotations

import base64
import io

import pytest
import soundfile
from PIL import Image

from mmexp.analysis.report import media
from mmexp.analysis.report.media import Media


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (900, 300), "red").save(path)
    return path


def test_an_image_becomes_a_small_one_within_the_page(image, tags):
    [shown] = tags(Media().show(image, 'a "title"')).all("img")
    kind, _, data = shown["src"].partition(",")
    with Image.open(io.BytesIO(base64.b64decode(data))) as small:
        assert small.size == (224, 75) and kind == "data:image/jpeg;base64"
    assert shown["alt"] == 'a "title"'


def test_audio_becomes_a_player(tmp_path, tags):
    path = tmp_path / "a.wav"
    soundfile.write(path, [0.0] * 800, 8000)
    [shown] = tags(Media().show(path, "speech")).all("audio")
    assert shown["src"].startswith("data:audio/wav;base64,UklGR") and "controls" in shown


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", b"<svg onload=alert(1)>"),
        ("a.jpg", b""),
        ("a.wav", b"<html>"),
        ("a.wav", b"RIFF" * 60_000),
        ("no.png", None),
    ],
)
def test_what_is_no_image_or_audio_or_too_long_is_not_shown(tmp_path, name, data):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    assert Media().show(tmp_path / name, "") is None


def test_an_image_of_too_many_pixels_is_not_decoded(image, monkeypatch):
    monkeypatch.setattr(media, "LARGEST", 1000)
    assert Media().show(image, "") is None


def test_what_has_no_room_is_counted(image):
    found = Media(room=2000)
    assert found.show(image, "") and found.show(image, "") is None and found.left_out == 1
