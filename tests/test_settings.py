"""Every setting that a message proposes is added to the command, as it was printed, and the message is gone."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmexp.cli import main
from mmexp.config.compose import compose
from mmexp.dataset.build import build_dataset
from mmexp.error import MmexpError

SETTING = re.compile(r"(?<!\S)('[\w./+]+=[^']*'|[a-z][\w./]*=[^\s']+?)(?=[.,;:)]*(?:\s|$))")
PROPOSED = re.compile(r"(?:\b[Ss]et |counts for nothing: |keeps all|in quotes: |Give it as ).*", re.DOTALL)
SIDES = ["train", "train", "val", "test", "train", "train"]
TEXTS = ["dataset=manifest", "dataset.inputs={text: text}"]


@dataclass
class Table:
    """A table in a folder with a blank, in which the commands are typed.

    Args:
        root: The folder.
    """

    root: Path

    def write(self, text: str, encoding: str = "utf-8") -> None:
        (self.root / "my table.csv").write_bytes(text.encode(encoding))

    def image(self, name: str, shade: int, values: Sequence[int] = ()) -> str:
        pixels = np.full((8, 8), shade, np.uint8)
        pixels[0, : len(values)] = values
        Image.fromarray(pixels).save(self.root / name)
        return name

    def check(self, words: Sequence[str]) -> str:
        """Read a config and its data, and return why they are refused, as it is printed; empty if they are not."""
        try:
            build_dataset(compose(['dataset.manifest="my table.csv"', *words]).plain()).prepare()
        except MmexpError as error:
            return f"{error}\n{error.hint}"
        return ""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    (tmp_path / "my data").mkdir()
    monkeypatch.chdir(tmp_path / "my data")
    return Table(tmp_path / "my data")


def proposed(message: str) -> list[str]:
    """Settings that a message proposes, as the shell reads them."""
    return [word for part in PROPOSED.findall(message) for one in SETTING.findall(part) for word in shlex.split(one)]


def rows(*cells: str, header: str = "text,label,split", parts: str = "{},{},{}") -> str:
    """A table with each cell in each split, with two labels."""
    lines = [parts.format(cell, label, side) for side in ("train", "val", "test") for cell in cells for label in "ab"]
    return "\n".join([header, *lines, ""])


def assert_each_cures(table: Table, words: Sequence[str], rule: str, expected: Sequence[str]) -> None:
    message = table.check(words)
    assert re.search(rule, message), message
    assert proposed(message)[: len(expected)] == [*expected], message
    for one in expected:
        assert table.check([*words, one]) == "", one


@pytest.mark.parametrize(
    ("text", "encoding", "rule", "cure"),
    [
        (
            "text;label;split\nx, y;a;train\nz;b;train\nx;a;val\nx;a;test\n",
            "utf-8",
            "got .* cells|one column",
            "delimiter=semicolon",
        ),
        ("text|label|split\nx|a|train\nz|b|train\nx|a|val\nx|a|test\n", "utf-8", "one column", "delimiter=pipe"),
        (rows("l'été", "b"), "latin-1", "text must be UTF-8, got byte 0xe9", "encoding=latin-1"),
        (rows("l'été €", "b"), "cp1252", "text must be UTF-8", "encoding=cp1252"),
        (rows("l'été", "b"), "utf-16", "text must be UTF-8", "encoding=utf-16"),
    ],
)
def test_how_a_table_is_written(table: Table, text: str, encoding: str, rule: str, cure: str) -> None:
    table.write(text, encoding=encoding)
    assert_each_cures(table, TEXTS, rule, [f"dataset.csv.{cure}"])


@pytest.mark.parametrize(
    ("cell", "cure"), [('"so he said', "dataset.csv.quoting=none"), ('"two\nlines"', "dataset.csv.quoting=multiline")]
)
def test_quotes(table: Table, cell: str, cure: str) -> None:
    table.write(rows(cell, "b"))
    message = table.check(TEXTS)
    assert proposed(message) == ["dataset.csv.quoting=none", "dataset.csv.quoting=multiline"]
    assert table.check([*TEXTS, cure]) == ""


def test_numbers_of_masks(table: Table) -> None:
    names = [(table.image(f"i{i}.png", 10 * i), table.image(f"m{i}.png", 0, [255] * (i + 1))) for i in range(6)]
    lines = [f"{image},{mask},{side}" for (image, mask), side in zip(names, ["train", "val", "test"] * 2, strict=True)]
    table.write("\n".join(["image,mask,split", *lines]))
    words = ["dataset=manifest", "task=segmentation"]
    cure = "dataset.classes.mask={0: class0, 255: class1}"
    assert_each_cures(table, words, "numbers of mask must be 0, 1, 2 ... or have names, got 0, 255", [cure])
    for wrong in ("dataset.classes.mask=sky", "dataset.classes.mask={300: sky}"):
        (proposal,) = proposed(table.check([*words, wrong]))
        assert "sky" not in table.check([*words, proposal])


def test_one_file_in_two_splits(table: Table) -> None:
    images = [table.image(f"i{i}.png", 10 * i) for i in range(8)]
    sides = ["train", "val", "test"] * 8
    lines = [f"{images[i % 8]},{'ab'[i // 8 % 2]},{side}" for i, side in enumerate(sides)]
    table.write("\n".join(["the file,label,split", *lines]))
    words = ["dataset=manifest", 'dataset.inputs={image: "the file"}']
    cures = ['dataset.group_by="the file"', "dataset.on_leak=warn"]
    assert_each_cures(table, words, "must be of one split, got the same file content", cures)


def test_shares_of_splits(table: Table) -> None:
    table.write(rows("x", "y", "z"))
    words = [*TEXTS, "dataset.split.ratios=[1,1,1]"]
    rule = r"dataset\.split\.ratios must be three positive shares that sum to 1, got \[1, 1, 1\]"
    assert_each_cures(table, words, rule, ["dataset.split.ratios=[0.8,0.1,0.1]"])


def numbers(cells: str) -> str:
    return "\n".join(
        [
            "how much,label,split",
            *(f'"{c}",{"ab"[i % 2]},{s}' for s in ("train", "val", "test") for i, c in enumerate(cells.split())),
        ]
    )


TABULAR = ["dataset=manifest", 'dataset.inputs={tabular: ["how much"]}']


def test_commas_of_numbers(table: Table) -> None:
    table.write(numbers("1,200 3,100"))
    cures = ["kind.tabular.decimal=point", "kind.tabular.decimal=comma"]
    assert_each_cures(table, TABULAR, "must show what its commas mean, got only such as '1,200'", cures)
    words = [*TEXTS[:1], "dataset.inputs={text: label}", 'dataset.targets={score: "how much"}', "task=regression"]
    assert_each_cures(
        table, words, "must show what its commas mean", ["kind.score.decimal=point", "kind.score.decimal=comma"]
    )


def test_what_is_no_number_in_a_column_of_numbers(table: Table) -> None:
    table.write(numbers("1 2.5 3 not,yet"))
    message = table.check(TABULAR)
    marks, names, *_ = proposed(message)
    assert "column 'how much' must be a finite number, as most of its cells are, got 'not,yet'" in message
    assert marks.startswith("kind.tabular.missing=[") and marks.endswith('"not,yet"]')
    assert names == 'kind.tabular.categories=["how much"]'
    assert table.check([*TABULAR, marks]) == table.check([*TABULAR, names]) == ""


def test_a_number_in_the_place_of_a_class(table: Table) -> None:
    table.write(
        "text,label,split\n" + "".join(f"x{i},{i / 4},{s}\n" for i in (1, 2, 3) for s in ("train", "val", "test"))
    )
    message = table.check(TEXTS)
    assert "must be a class, which is a text or a whole number, got '0.25'" in message
    both = proposed(message)[:2]
    assert both == ["task=regression", "dataset.targets={label: null, score: label}"]
    assert table.check([*TEXTS, *both]) == ""


def test_a_file_that_is_broken(table: Table) -> None:
    images = [table.image(f"i{i}.png", 10 * i) for i in range(6)]
    (table.root / "i5.png").write_bytes(b"no image")
    table.write(
        "\n".join(
            [
                "image,label,split",
                *(f"{n},{label},{s}" for n, label, s in zip(images, "ababab", SIDES, strict=True)),
            ]
        )
    )
    assert_each_cures(table, ["dataset=manifest"], "sample line-7", ["dataset.on_error=skip"])


def test_a_file_that_nothing_reads(table: Table) -> None:
    table.write(
        "text,photo,label,split\n"
        + "".join(f"x{i},{i}{s}.heic,{label},{s}\n" for i, label in enumerate("ab") for s in ("train", "val", "test"))
    )
    words = ["dataset=manifest", "dataset.inputs={camera: photo}"]
    assert_each_cures(table, words, "column 'photo' of camera", ["dataset.inputs={camera: null, text: photo}"])


def test_an_input_or_a_target_that_is_lacking(table: Table) -> None:
    lines = [f"x{i}{s},{'' if s == 'val' else 'q'},{i},{s}" for i in range(2) for s in ("train", "val", "test")]
    table.write("\n".join(["text,question,label,split", *lines]))
    words = ["dataset=manifest", "dataset.inputs={text: text, question: question}"]
    assert_each_cures(
        table, words, "column 'question' of question must be filled", ["dataset.inputs={question: null, text: text}"]
    )
    words = [*TEXTS, "dataset.targets={label: question, score: label}"]
    table.write(table.root.joinpath("my table.csv").read_text().replace(",,", ",q,"))
    assert_each_cures(
        table,
        words,
        "label must have at least 2 values in train, got only 'q'",
        ["dataset.targets={label: null, score: label}"],
    )


def test_the_place_of_the_table(table: Table) -> None:
    table.write(rows("x", "y"))
    path = f'dataset.manifest="{table.root}/my table.csv"'
    words = [*TEXTS, "dataset.root=.", path]
    assert_each_cures(table, words, "dataset.manifest must be relative to dataset.root", ["dataset.root=null"])


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("dataset.inputs={image: [text,label]}", "dataset.inputs={image: null, tabular: [text,label]}"),
        ("dataset.targets={label: [label,text]}", "dataset.targets.label=label"),
    ],
)
def test_what_must_be_one_column(table: Table, wrong: str, right: str) -> None:
    table.write(rows("x", "y"))
    message = table.check(["dataset=manifest", wrong])
    assert proposed(message) == [right], message
    assert table.check(["dataset=manifest", wrong, right]) == ""


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("fusion=late_fusion", ["fusion=late"]),
        ("epochs=3", ["training.epochs=3"]),
        ("lr=0.1", ["optimizer.lr=0.1"]),
        ("optimizer.learning_rate=0.1", ["optimizer.lr=0.1"]),
        ("encoder/image=convnet", ["encoder/image=cnn"]),
        ("fusion=gated,concat", ['fusion="gated,concat"']),
        ("seed=1000.0", ["seed=1000"]),
        ('name="my run"', ["name=my-run"]),
        ("inputs=[]", ["inputs=null"]),
        ("data=csv", ["dataset=manifest"]),
    ],
)
def test_another_word_of_the_field(table: Table, wrong: str, right: list[str]) -> None:
    table.write(rows("x", "y"))
    words = [*TEXTS, "hardware=cpu"]
    message = table.check([*words, wrong])
    assert proposed(message) == right, message
    if "," not in wrong:
        assert table.check([*words, right[0]]) == ""


def test_a_plugin(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one_part", "other_part"):
        (table.root / f"{name}.py").write_text(
            "from mmexp.fusion.concat import ConcatFusion as Own\n\nclass Mine(Own):\n    pass\n"
        )
    monkeypatch.setattr(sys, "path", [*sys.path, str(table.root)])
    table.write(rows("x", "y"))
    words = [*TEXTS, "fusion._target_=one_part.Mine", "plugins=[other_part]"]
    assert_each_cures(table, words, "fusion._target_ must lie under one of", ["plugins=[other_part,one_part]"])


def test_what_a_run_says_of_texts_that_are_cut_and_of_inputs_without_a_fusion(
    lab: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*lab.overrides[:-1], "training.epochs=1", f"outputs={tmp_path}/runs"]
    assert main(["train", *words, "fusion=none"]) == 2
    inputs, fusion = proposed(capsys.readouterr().err)
    assert fusion == "fusion=concat" and inputs == "inputs=[text]"
    assert main(["train", *words, "fusion=none", inputs, "encoder.text.max_length=3"]) == 0
    said = capsys.readouterr().out
    (setting,) = {"".join(one.split()) for one in re.findall(r"(encoder\.text\.max_length=\d+)\s+keeps", said)}
    assert main(["train", *words, "fusion=none", inputs, setting]) == 0
    assert "are cut" not in capsys.readouterr().out
