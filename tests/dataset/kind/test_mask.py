from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import ImageKind
from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.mask import MaskKind, read_mask
from mmexp.dataset.table.rows import Fields, Row
from mmexp.error import ConfigError


def save(path: Path, image: Image.Image, kind: str = "PNG") -> Path:
    image.save(path, kind)
    return path


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
    whole = save(
        tmp_path / "cut.png", Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 48), np.uint8))
    ).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="must be a PNG that decodes"):
        read_mask(tmp_path / "cut.png")


@pytest.mark.parametrize(
    ("mask", "names", "rule"),
    [
        ("m.png", None, ""),
        ("m.png", ["a", "b", "c"], ""),
        ("m.png", ["a", "b"], "'m.png' must hold numbers below 2, or 255 for none, got 2"),
        ("small.png", None, "'small.png' must be as large as the image, 8x6, got 4x3"),
    ],
)
def test_a_mask_fits_its_image_and_its_names(mask: str, names: Any, rule: str):
    found = {
        ("image", "i.png"): Inspection(facts={"shape": (6, 8)}),
        ("mask", "m.png"): Inspection(facts={"shape": (6, 8), "top": 2}),
        ("mask", "small.png"): Inspection(facts={"shape": (3, 4), "top": 1}),
    }
    kind = MaskKind().named("dataset.classes.mask", names) if names else MaskKind()
    row = Row("a", "m:1", {"image": "i.png"}, {"mask": mask}, Fields({"image": ImageKind()}, {"mask": kind}))
    if rule:
        with pytest.raises(ValueError, match=rule):
            kind.check("mask", mask, row, found)
    else:
        kind.check("mask", mask, row, found)


def test_numbers_are_named_or_stand_for_themselves():
    files = [Inspection(facts={"top": 2}), Inspection(facts={"top": -1})]
    assert MaskKind().classes_of_files(files) == ["0", "1", "2"] and MaskKind().classes_of_files(files[1:]) == []
    named = MaskKind().named("dataset.classes.mask", ["sky", None, "road", None])
    assert named.classes_of_files(files) == ["sky", "1", "road"]


@pytest.mark.parametrize("given", ["sky", [], [None], ["sky", 3], {"sky": 0}, [""], 3])
def test_names_are_a_list_of_texts(given: Any):
    with pytest.raises(ConfigError, match=r"dataset\.classes\.mask must be a list of names, or null .*, got"):
        MaskKind().named("dataset.classes.mask", given)


def test_a_number_without_a_name_counts_for_nothing(tmp_path: Path):
    Image.fromarray(np.array([[0, 1], [2, 255]], np.uint8)).save(tmp_path / "m.png")
    folder, kind = Folder(tmp_path, tmp_path), MaskKind()
    assert kind.load("m.png", folder).tolist() == [[0, 1], [2, 255]]
    loaded = kind.named("dataset.classes.mask", ["a", "b", None]).load("m.png", folder)
    assert loaded.tolist() == [[0, 1], [255, 255]] and loaded.dtype == np.uint8
    assert kind.inspect(kind.open(tmp_path / "m.png")) == {"shape": (2, 2), "top": 2}
    assert kind.inspect(np.full((2, 2), 255, np.uint8))["top"] == -1
