from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.kinds import Kinds, standard
from mmexp.error import ConfigError

CONF = Path(__file__).resolve().parents[3] / "conf/kind"


class PointsKind(Kind):
    suffixes = (".points.npy",)
    inputs = {"points": ("points",)}  # noqa: RUF012


class ArrayKind(Kind):
    suffixes = (".npy",)
    inputs = {"array": ("array",)}  # noqa: RUF012


def test_each_kind_of_mmexp_is_an_option_of_the_group_kind() -> None:
    targets = {path.stem: OmegaConf.load(path)._target_ for path in CONF.glob("*.yaml")}
    assert targets == {name: f"{type(kind).__module__}.{type(kind).__name__}" for name, kind in standard().items()}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([1, 2.5], "vector"),
        ([[1, 2], [3, 4]], "vector"),
        ("[1, 2]", "vector"),
        ("[[1, 2]]", "vector"),
        ([1, None], "vector"),
        (["a", "b"], "text"),
        ('["a", "b"]', "text"),
        ("[sic] a text", "text"),
        (["a.png", "b.jpg"], "video"),
        (["a.png", "b.txt"], "text"),
        ("images/1.PNG", "image"),
        ("a/b.jpeg", "image"),
        ("sound.wav", "audio"),
        ("a.txt", "text"),
        ("a red ball", "text"),
        (3, "text"),
        (None, "text"),
    ],
)
def test_a_cell_is_of_the_kind_that_describes_it_most_narrowly(value: Any, kind: str) -> None:
    assert standard().name(standard().of_cell(value)) == kind


def test_a_kind_of_ones_own_takes_part_and_the_longer_suffix_wins() -> None:
    kinds = Kinds({**standard(), "points": PointsKind(), "array": ArrayKind()})
    assert kinds.of_file("a.points.npy") == "points" and kinds.of_file("a.npy") == "array" and kinds.of_file("a") == ""
    assert kinds.of_cell("a.points.npy") is kinds["points"] and list(kinds)[-2:] == ["array", "points"]


def test_two_kinds_that_claim_one_file_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"kind: 'a\.npy' must be of one kind, got array and other"):
        Kinds({"array": ArrayKind(), "other": ArrayKind()}).of_cell("a.npy")


def test_a_name_says_the_kind_of_a_modality_or_target() -> None:
    kinds = standard()
    assert kinds.of_input("items") is kinds["items"] and kinds.name(kinds["items"]) == "symbols"
    assert kinds.of_input("front") is None and kinds.of_target("tail") is kinds["entity"]
    assert type(kinds.of_target("rating")) is Kind and kinds.of_columns("person") is kinds["tabular"]
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.person must be one column"):
        Kinds({"points": PointsKind()}).of_columns("person")


def test_columns_and_suffixes_are_those_that_the_kinds_declare() -> None:
    kinds = standard()
    assert kinds.inputs["words"] == ("words", "tokens") and kinds.companions["tags"] == ("words",)
    assert kinds.list_columns == {"captions", "labels", "answers"} and {".png", ".wav", ".txt"} <= set(kinds.suffixes)


def test_a_column_is_of_the_kind_of_most_cells_and_of_two_of_the_narrower_one() -> None:
    kinds = standard()
    assert (
        kinds.of_cells(["a.png", "b", "c.png"]) is kinds["image"] and kinds.of_cells(["a.png", "b"]) is kinds["image"]
    )
    assert kinds.of_cells(["a", "b", "c.png"]) is kinds["text"] and kinds.of_cells([]) is kinds["text"]
    assert kinds.of_cells([3, "4", "?"]) is kinds["tabular"] and kinds.of_cells([3, "x"]) is kinds["text"]
    assert kinds.own_name(kinds["tabular"].for_column([], "a", {})) == "tabular"
