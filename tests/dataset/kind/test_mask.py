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
from mmexp.error import ConfigError, DataError


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
        ("mask", "m.png"): Inspection(facts={"shape": (6, 8), "numbers": [0, 2]}),
        ("mask", "small.png"): Inspection(facts={"shape": (3, 4), "numbers": [0, 1]}),
    }
    kind = MaskKind().named("dataset.classes.mask", names) if names else MaskKind()
    row = Row("a", "m:1", {"image": "i.png"}, {"mask": mask}, Fields({"image": ImageKind()}, {"mask": kind}))
    if rule:
        with pytest.raises(ValueError, match=rule):
            kind.check("mask", mask, row, found)
    else:
        kind.check("mask", mask, row, found)


def test_numbers_are_named_or_stand_for_themselves():
    files = [Inspection(facts={"numbers": [0, 2]}), Inspection(facts={"numbers": [255]})]
    assert MaskKind().classes_of_files(files) == ["0", "1", "2"] and MaskKind().classes_of_files(files[1:]) == []
    named = MaskKind().named("dataset.classes.mask", ["sky", None, "road", None])
    assert named.classes_of_files(files) == ["sky", "1", "road"]


@pytest.mark.parametrize("given", ["sky", [], [None], ["sky", 3], {0: 0}, [""], 3])
def test_names_are_a_list_of_texts(given: Any):
    with pytest.raises(ConfigError, match=r"dataset\.classes\.mask must be a list of names, or null .*, got"):
        MaskKind().named("dataset.classes.mask", given)


def test_a_number_without_a_name_counts_for_nothing(tmp_path: Path):
    Image.fromarray(np.array([[0, 1], [2, 255]], np.uint8)).save(tmp_path / "m.png")
    folder, kind = Folder(tmp_path, tmp_path), MaskKind()
    assert kind.load("m.png", folder).tolist() == [[0, 1], [2, 255]]
    loaded = kind.named("dataset.classes.mask", ["a", "b", None]).load("m.png", folder)
    assert loaded.tolist() == [[0, 1], [255, 255]] and loaded.dtype == np.uint8
    assert kind.inspect(kind.open(tmp_path / "m.png")) == {"shape": (2, 2), "numbers": [0, 1, 2, 255]}


def settled(names: Any, *numbers: int) -> MaskKind:
    kind = MaskKind().named("dataset.classes.mask", names) if names else MaskKind()
    kind.settle("mask", [Inspection(facts={"numbers": [number]}) for number in numbers])
    return kind


@pytest.mark.parametrize(
    ("names", "numbers", "taken"),
    [
        (["back", "tumour"], (0, 255), (0, 255)),
        (["back", "tumour"], (255, 0), (0, 255)),
        (["back", "tumour"], (0, 128), (0, 128)),
        (["a", "b", "c"], (0, 127, 255), (0, 127, 255)),
        (["a", None, "c"], (10, 20, 30), (10, 20, 30)),
        (["back", "tumour"], (0, 1, 255), None),
        (["back", "tumour"], (0, 1), None),
        (["a", "b", "c"], (0, 255), None),
        (["back", "tumour"], (0,), None),
        (None, (0, 1, 3, 255), None),
        (None, (0, 2), None),
        (None, (255,), None),
        ({"0": "a", 200: "b"}, (0, 255), (0, 200)),
    ],
)
def test_as_many_names_as_numbers_name_them_in_order_also_255(names: Any, numbers: Any, taken: Any):
    assert settled(names, *numbers).numbers == taken


@pytest.mark.parametrize(
    ("names", "numbers", "rule"),
    [
        (None, (0, 255), r"must be 0, 1, 2 \.\.\. or have names, got 0, 255 in all masks together"),
        (None, (0, 100, 200), "must be 0, 1, 2 ... or have names, got 0, 100, 200 in"),
        (["a", "b", "c"], (0, 1, 255), "must be those of the 3 names, or those and 255 for none, got 0, 1, 255"),
        (["a", "b"], (0, 128, 255), "must be those of the 2 names, or those and 255 for none, got 0, 128, 255"),
    ],
)
def test_numbers_that_may_be_meant_in_two_ways_are_refused_with_the_line_that_names_them(
    names: Any, numbers: Any, rule: str
):
    with pytest.raises(DataError, match=f"numbers of mask {rule}") as caught:
        settled(names, *numbers)
    listed = ", ".join(f"{number}: class{place}" for place, number in enumerate(numbers))
    assert caught.value.hint.endswith(f"'dataset.classes.mask={{{listed}}}'")


def test_sparse_numbers_become_the_places_of_their_names(tmp_path: Path):
    Image.fromarray(np.array([[0, 255], [255, 9]], np.uint8)).save(tmp_path / "m.png")
    kind, folder = settled(["back", "tumour"], 0, 255), Folder(tmp_path, tmp_path)
    assert kind.load("m.png", folder).tolist() == [[0, 1], [1, 255]]
    assert kind.classes_of_files([]) == ["back", "tumour"] and kind.notes("mask") == ["mask: 0 is back, 255 is tumour"]
    row = Row("a", "m:1", {}, {"mask": "m.png"}, Fields())
    with pytest.raises(ValueError, match=r"'m\.png' must hold 0, 255, or 255 for none, got 9"):
        kind.check(
            "mask", "m.png", row, {("mask", "m.png"): Inspection(facts=kind.inspect(kind.open(tmp_path / "m.png")))}
        )


def test_another_table_has_the_numbers_of_training():
    trained = settled(["back", "tumour"], 0, 255).describe_target()
    kind = MaskKind().named("dataset.classes.mask", ["back", "tumour"]).for_column([], "mask", trained)
    kind.settle("mask", [Inspection(facts={"numbers": [255]})])
    assert kind.numbers == (0, 255) and MaskKind().describe_target() == {} and MaskKind().notes("mask") == []


def test_a_mask_that_lies_on_its_side_says_so():
    found = {
        ("image", "i.png"): Inspection(facts={"shape": (6, 8)}),
        ("mask", "m.png"): Inspection(facts={"shape": (8, 6), "numbers": [0]}),
    }
    row = Row("a", "m:1", {"image": "i.png"}, {"mask": "m.png"}, Fields({"image": ImageKind()}, {"mask": MaskKind()}))
    with pytest.raises(ValueError, match="as large as the image, 8x6, got 6x8, as if the image was turned by EXIF"):
        MaskKind().check("mask", "m.png", row, found)


@pytest.mark.parametrize("number", ["x", 256, -1])
def test_a_name_is_given_to_a_number_of_8_bits(number: Any):
    with pytest.raises(ConfigError, match=rf"dataset\.classes\.mask must name numbers from 0 to 255, got '?{number}"):
        MaskKind().named("dataset.classes.mask", {number: "sky"})
