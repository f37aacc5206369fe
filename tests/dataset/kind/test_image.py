from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import IMAGE_FORMATS, ImageKind, read_image, size

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
from mmexp.dataset.kind.image import read_image
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
    monkeypatch.setattr("mmexp.dataset.kind.image.MAX_PIXELS", 32 * 48)
    path = save(tmp_path / "x.png", Image.fromarray(noise()))
    assert read_image(path).shape == (32, 48, 3)
    monkeypatch.setattr("mmexp.dataset.kind.image.MAX_PIXELS", 32 * 48 - 1)
    with pytest.raises(ValueError, match="must have at most 1535 pixels, got 48x32"):
        read_image(path)


def test_a_path_of_an_image_is_recognised_by_its_suffix_in_any_case():
    kind = ImageKind()
    assert kind.specificity("images/1.PNG") == kind.specificity("a.b.jpg") == 4 and kind.specificity("a.jpeg") == 5
    assert not any(map(kind.specificity, ("a.png.txt", ".png", "png", "a red ball", 3, None, ["a.png"])))


def test_an_image_is_opened_inspected_and_made_a_thumbnail(tmp_path: Path) -> None:
    save(tmp_path / "x.png", Image.fromarray(noise()))
    kind, folder = ImageKind(), Folder(tmp_path, tmp_path)
    assert kind.inspect(kind.load("x.png", folder)) == {"shape": (32, 48)} and size((32, 48)) == "48x32"
    assert kind.features("x.png", folder).shape == (192,) and list(kind.paths("x.png")) == ["x.png"]
    with pytest.raises(ValueError, match=r"'y\.png' must be a file, got none"):
        kind.features("y.png", folder)


@pytest.mark.parametrize("name", ["a.jfif", "a.png"])
def test_an_image_is_known_by_its_content_whatever_its_name(tmp_path: Path, name: str) -> None:
    content = io.BytesIO()
    Image.fromarray(noise()).save(content, "JPEG")
    (tmp_path / name).write_bytes(content.getvalue())
    assert read_image(tmp_path / name).shape == noise().shape
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    with pytest.raises(ValueError, match=r"must be an image that decodes, got no JPEG, PNG.*begins with b'.*ftypheic"):
        read_image(tmp_path / name)
