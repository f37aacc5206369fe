from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmexp.dataset.kind.media import IMAGE_FORMATS, Folder, read_audio, read_image, read_mask

RED, WHITE = (255, 0, 0), (255, 255, 255)


def noise(height: int = 32, width: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def save(path: Path, image: Image.Image, kind: str = "PNG", **options: object) -> Path:
    image.save(path, kind, **options)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_an_rgb_image_is_read_as_it_is(tmp_path: Path, kind: str) -> None:
    read = read_image(save(tmp_path / "x", Image.fromarray(noise()), kind))
    assert read.dtype == np.uint8 and read.flags.writeable
    np.testing.assert_array_equal(read, noise())


def cmyk(path: Path) -> Path:
    return save(path, Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100)


def deep(path: Path) -> Path:
    return save(path, Image.fromarray(np.full((8, 8), 0x80FF, np.uint16)))


def palette(path: Path) -> Path:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([*RED, 0, 255, 0])
    return save(path, image)


def palette_with_alpha(path: Path) -> Path:
    image = Image.new("P", (8, 8), 1)
    image.paste(0, (0, 0, 4, 8))
    image.putpalette([*RED, 0, 255, 0])
    return save(path, image, transparency=1)


def alpha(path: Path) -> Path:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 4, 8))
    return save(path, image)


def grey_with_alpha(path: Path) -> Path:
    return save(path, Image.new("LA", (8, 8), (0, 0)))


def animated(path: Path) -> Path:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, (0, 255, 0))]
    return save(path, frames[0], "GIF", save_all=True, append_images=frames[1:])


def one_bit(path: Path) -> Path:
    return save(path, Image.new("1", (8, 8), 1))


def webp(path: Path) -> Path:
    return save(path, Image.new("RGB", (8, 8), RED), "WEBP", lossless=True)


@pytest.mark.parametrize(
    ("make", "left", "right"),
    [
        (cmyk, RED, RED),
        (deep, (128, 128, 128), (128, 128, 128)),
        (palette, RED, RED),
        (palette_with_alpha, RED, WHITE),
        (alpha, RED, WHITE),
        (grey_with_alpha, WHITE, WHITE),
        (animated, RED, RED),
        (one_bit, WHITE, WHITE),
        (webp, RED, RED),
    ],
)
def test_every_kind_of_image_becomes_rgb(
    tmp_path: Path, make: Callable[[Path], Path], left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    read = read_image(make(tmp_path / "x"))
    assert read.shape == (8, 8, 3) and read.dtype == np.uint8
    np.testing.assert_allclose(read[:, 0].astype(int), np.broadcast_to(left, (8, 3)), atol=3)
    np.testing.assert_allclose(read[:, -1].astype(int), np.broadcast_to(right, (8, 3)), atol=3)


def test_exif_rotation_is_undone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = noise()
    turned = Image.fromarray(np.rot90(upright).copy())
    read = read_image(save(tmp_path / "x.png", turned, exif=exif))
    np.testing.assert_array_equal(read, upright)


@pytest.mark.parametrize("kind", IMAGE_FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_image_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    content = io.BytesIO()
    Image.fromarray(noise(64, 64)).save(content, kind)
    (tmp_path / "x").write_bytes(content.getvalue()[: int(share * len(content.getvalue()))])
    with pytest.raises(ValueError, match="must be an image that decodes, got"):
        read_image(tmp_path / "x")


def floating(path: Path) -> Path:
    return save(path, Image.new("F", (8, 8), 0.5), "TIFF")


def lab(path: Path) -> Path:
    return save(path, Image.new("LAB", (8, 8)), "TIFF")


def thirty_two_bit(path: Path) -> Path:
    return save(path, Image.new("I", (8, 8), 1 << 20), "TIFF")


def empty(path: Path) -> Path:
    path.touch()
    return path


def text(path: Path) -> Path:
    path.write_text("not an image")
    return path


def postscript(path: Path) -> Path:
    return save(path, Image.new("RGB", (8, 8)), "EPS")


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (floating, "must be of integer grey, RGB, CMYK or a palette, got mode F"),
        (lab, "must be of integer grey, RGB, CMYK or a palette, got mode LAB"),
        (thirty_two_bit, "must have at most 16 bits a channel, got values 1048576"),
        (empty, "must be a file with content, got 0 bytes"),
        (text, "must be an image that decodes, got"),
        (postscript, "must be an image that decodes, got"),
        (pipe, "must be a file, got none"),
        (lambda path: path, "must be a file, got none"),
    ],
)
def test_what_is_no_fit_image_is_refused_by_name(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_image(make(tmp_path / "x"))


BOMB = """
import resource, sys
from pathlib import Path
from mmexp.dataset.kind.media import read_image
read_image(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    try:
        read_image(Path(path))
    except ValueError as fault:
        print(fault)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_decompression_bombs_are_refused_from_their_header(tmp_path: Path) -> None:
    small = save(tmp_path / "small.png", Image.fromarray(noise()))
    bombs = [save(tmp_path / f"{side}.png", Image.new("1", (side, side))) for side in (8000, 13000, 20000)]
    assert max(bomb.stat().st_size for bomb in bombs) < 60_000
    shell = [sys.executable, "-c", BOMB, str(small), *map(str, bombs)]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60, check=True)
    *faults, mebibytes = done.stdout.splitlines()
    assert len(faults) == 3
    assert all(fault.startswith("must have at most 50000000 pixels, got") for fault in faults)
    assert float(mebibytes) < 50


def test_the_largest_image_allowed_is_not_refused_by_the_size_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmexp.dataset.kind.media.MAX_PIXELS", 32 * 48)
    path = save(tmp_path / "x.png", Image.fromarray(noise()))
    assert read_image(path).shape == (32, 48, 3)
    monkeypatch.setattr("mmexp.dataset.kind.media.MAX_PIXELS", 32 * 48 - 1)
    with pytest.raises(ValueError, match="must have at most 1535 pixels, got 48x32"):
        read_image(path)


def tone(seconds: float = 0.1, rate: int = 8000) -> np.ndarray:
    return (0.5 * np.sin(np.arange(int(seconds * rate)) * 0.1)).astype(np.float32)


@pytest.mark.parametrize(("kind", "rate"), [("wav", 8000), ("flac", 22050), ("ogg", 16000)])
def test_sound_is_read_at_its_own_rate(tmp_path: Path, kind: str, rate: int) -> None:
    soundfile.write(tmp_path / f"x.{kind}", tone(rate=rate), rate)
    read = read_audio(tmp_path / f"x.{kind}")
    assert read.rate == rate and read.samples.dtype == np.float32 and read.samples.ndim == 1
    np.testing.assert_allclose(read.samples, tone(rate=rate), atol=0.1 if kind == "ogg" else 1e-4)


def test_channels_are_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.stack([tone(), -tone() / 2], 1), 8000, "FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "x.wav").samples, tone() / 4, atol=1e-6)


@pytest.mark.parametrize("kind", ["wav", "flac"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_sound_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / f"x.{kind}"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 8000), 8000)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(
        ValueError, match=r"must be (as long as its header says|sound that decodes)|samples of its header"
    ):
        read_audio(path)


def test_a_wav_of_unknown_length_as_streams_write_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(), 8000)
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff" * 4
    path.write_bytes(content)
    assert len(read_audio(path).samples) == len(tone())


def test_sound_that_is_empty_not_finite_too_long_or_no_sound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros(0), 8000)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        read_audio(path)
    soundfile.write(path, np.array([0.0, np.nan]), 8000, "FLOAT")
    with pytest.raises(ValueError, match="must be finite sound, got NaN"):
        read_audio(path)
    soundfile.write(path, tone(), 8000)
    monkeypatch.setattr("mmexp.dataset.kind.media.MAX_SAMPLES", 799)
    with pytest.raises(ValueError, match="must have at most 799 samples, got 800 x 1 channels"):
        read_audio(path)
    with pytest.raises(ValueError, match="must be sound that decodes, got"):
        read_audio(text(tmp_path / "y.wav"))


def test_a_folder_finds_files_below_its_root_only(tmp_path: Path) -> None:
    (tmp_path / "root/a").mkdir(parents=True)
    (tmp_path / "root/b").mkdir()
    (tmp_path / "root/out").symlink_to(tmp_path)
    (tmp_path / "root/loop").symlink_to("loop")
    folder = Folder(tmp_path / "root", tmp_path / "root/a")
    assert folder.locate("../b/x.png") == tmp_path / "root/b/x.png"
    for value, message in {
        "../../x.png": "must lie inside .*root, got '../../x.png'",
        "../out/x.png": "must lie inside .*root, got '../out/x.png'",
        "../../root2/x.png": "must lie inside",
        "/etc/hostname": "must be a path relative to the manifest, got '/etc/hostname'",
        "http://host/x.png": "must be a path relative to the manifest, got 'http:",
        "pipe:cat x": "must be a path relative to the manifest, got 'pipe:",
        "file:x.png": "must be a path relative to the manifest",
        "C:\\x.png": "must be a path relative to the manifest",
        "a\0b": "must be a path, got",
        "": "must be a path, got ''",
        "\ud800": "must be a path that leads somewhere, got",
    }.items():
        with pytest.raises(ValueError, match=message):
            folder.locate(value)
    with pytest.raises(ValueError, match="must be a path, got 3"):
        folder.locate(3)


def test_links_that_go_round_and_names_too_long_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    folder = Folder(tmp_path, tmp_path)
    for value in ("loop", "x" * 5000):
        with pytest.raises(ValueError, match="must be"):
            read_image(folder.locate(value))


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_a_mask_is_the_number_of_each_pixel(tmp_path: Path, mode: str) -> None:
    numbers = np.array([[0, 1, 1], [1, 0, 0]], np.uint8)
    image = Image.fromarray(numbers * (255 if mode == "1" else 1)).convert("1" if mode == "1" else "L")
    if mode == "P":
        image = Image.fromarray(numbers, "L")
        image.putpalette([200, 0, 0, 0, 200, 0] + [0] * 762)
    mask = read_mask(save(tmp_path / "m.png", image))
    assert mask.dtype == np.uint8 and mask.tolist() == numbers.tolist()


def test_a_mask_of_colours_of_16_bits_of_another_format_or_broken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one number of at most 8 bits a pixel, got mode RGB"):
        read_mask(save(tmp_path / "rgb.png", Image.new("RGB", (2, 2))))
    with pytest.raises(ValueError, match="one number of at most 8 bits a pixel, got mode I;16"):
        read_mask(save(tmp_path / "deep.png", Image.fromarray(np.zeros((2, 2), np.uint16))))
    with pytest.raises(ValueError, match="must be a PNG that decodes"):
        read_mask(save(tmp_path / "m.jpg", Image.new("L", (2, 2)), "JPEG"))
    whole = save(tmp_path / "cut.png", Image.fromarray(noise()[..., 0])).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="must be a PNG that decodes"):
        read_mask(tmp_path / "cut.png")
