from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.error_policy import ErrorPolicy
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Fields
from mmexp.dataset.table.validate import Validator
from mmexp.error import DataError


def fields(inputs: dict[str, str], *targets: str) -> Fields:
    kinds = standard()
    return Fields(
        {name: kinds[kind] for name, kind in inputs.items()}, {name: kinds.of_target(name) for name in targets}
    )


def record(name: str, **values: Any) -> Record:
    return Record(name, f"m.csv:{name}", values)


@pytest.fixture
def validator(tmp_path: Path) -> Validator:
    Image.new("RGB", (4, 2)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"bad")
    soundfile.write(tmp_path / "good.wav", np.zeros(8), 8000)
    return Validator(
        inputs={"image": "photo", "audio": "sound", "text": "words"},
        targets={"captions": "words", "label": "label"},
        fields=fields({"image": "image", "audio": "audio", "text": "text"}, "captions", "label"),
        folder=Folder(tmp_path, tmp_path),
        policy=ErrorPolicy(1.0, 10),
    )


def test_cells_become_inputs_and_targets(validator: Validator) -> None:
    (row,) = validator.rows([record("a", photo="good.png", sound="good.wav", words='["x", "y"]', label=1)])
    assert row.inputs == {"image": "good.png", "audio": "good.wav", "text": ["x", "y"]}
    assert row.targets == {"captions": ["x", "y"], "label": 1}


def test_what_the_header_of_a_file_says_is_kept(validator: Validator, tmp_path: Path) -> None:
    validator.rows([record("a", photo="good.png", sound="good.wav", words="x", label=1)])
    assert validator.inspected["audio", "good.wav"].facts == {"rate": 8000, "seconds": 8 / 8000}
    assert len(validator.inspected["image", "good.png"].digest) == 64


def test_progress_is_reported_file_by_file(validator: Validator) -> None:
    seen: list[tuple[int, int]] = []
    validator.rows(
        [record("a", photo="good.png", words="x", label=1), record("b", sound="good.wav", words="x", label=1)],
        lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]


def test_an_empty_cell_is_a_missing_modality(validator: Validator) -> None:
    (row,) = validator.rows([record("a", photo=None, sound="", words="x", label=1)])
    assert list(row.inputs) == ["text"]


def test_every_row_of_a_broken_file_is_left_out_once(validator: Validator) -> None:
    rows = validator.rows(
        [
            record(name, photo=f"{kind}.png", words="x", label=1)
            for name, kind in [("a", "bad"), ("b", "good"), ("c", "bad"), ("d", "gone")]
        ]
    )
    assert [row.id for row in rows] == ["b"]
    skipped = validator.policy.skipped
    assert [(row["id"], row["path"]) for row in skipped] == [("a", "bad.png"), ("c", "bad.png"), ("d", "gone.png")]
    assert "must be an image that decodes" in skipped[0]["reason"]
    assert skipped[2]["reason"] == "image 'gone.png' must be a file, got none."


def test_a_row_without_a_target_is_left_out(validator: Validator) -> None:
    assert validator.rows([record("a", words="x", label=None)]) == []
    assert validator.policy.skipped == [{"id": "a", "path": "m.csv:a", "reason": "label must have a value, got None."}]


def test_text_that_is_no_text_is_left_out(validator: Validator) -> None:
    assert validator.rows([record("a", words=3, label=1)]) == []
    assert validator.policy.skipped[0]["reason"] == "text must be text or a list of texts, got [3]."


@pytest.fixture
def own(validator: Validator) -> Validator:
    """A validator of modalities with names of one's own."""
    return Validator(
        inputs={"front": "f", "left": "l", "right": "r"},
        targets={},
        folder=validator.folder,
        policy=ErrorPolicy(1.0, 10),
        fields=fields({"front": "image", "left": "vector", "right": "vector"}),
    )


def test_modalities_of_other_names_are_read_by_their_kind(own: Validator) -> None:
    (row,) = own.rows([record("a", f="good.png", l=[1, 2], r="[[1, 2, 3], [4, 5, 6]]")])
    assert row.files == [("front", "good.png")] and own.inspected["front", "good.png"].digest
    assert row.inputs["left"].tolist() == [1, 2] and row.inputs["right"].shape == (2, 3)
    assert [list(row.inputs) for row in own.rows([record("b", l=[1, 2]), record("c", l=[], r="")])] == [["left"], []]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"l": [1, 2, 3]}, "left must be one vector of 2 numbers, as at m.csv:a, got one vector of 3 numbers."),
        (
            {"l": [[1, 2]]},
            "left must be one vector of 2 numbers, as at m.csv:a, got a sequence of vectors",
        ),
        (
            {"r": [[1]]},
            "right must be a sequence of vectors of 3 numbers, as at m.csv:a, got a sequence",
        ),
        ({"l": [1, float("nan")]}, "left must be finite numbers, got nan."),
        ({"f": "bad.png"}, "front 'bad.png' must be an image that decodes"),
    ],
)
def test_numbers_of_another_form_and_broken_files_are_left_out(own: Validator, cells: Any, reason: str) -> None:
    good = [record(name, l=[1, 2], r=[[1, 2, 3]]) for name in "ac"]
    for records in ([*good, record("b", **cells)], [record("b", **cells), *good]):
        own.policy.skipped.clear()
        assert [row.id for row in own.rows(records)] == ["a", "c"]
    assert own.policy.skipped[0]["id"] == "b" and own.policy.skipped[0]["reason"].startswith(reason)


def test_a_path_of_another_name_is_refused_by_that_name(own: Validator) -> None:
    with pytest.raises(DataError, match=r"m\.csv:a, sample a: front must lie inside .*, got '\.\./x\.png'"):
        own.rows([record("a", f="../x.png")])


def test_a_path_to_the_outside_is_refused_however_tolerant(validator: Validator) -> None:
    with pytest.raises(DataError, match=r"m\.csv:a, sample a: image must lie inside .*, got '\.\./x\.png'") as caught:
        validator.rows([record("a", photo="../x.png", words="x", label=1)])
    assert "dataset.root" in caught.value.hint


def test_the_first_fault_in_order_is_raised(validator: Validator) -> None:
    validator.policy = ErrorPolicy(0.0, 3)
    with pytest.raises(DataError, match=r"m\.csv:b, sample b: image 'bad\.png' must be an image that decodes"):
        validator.rows(
            [
                record(name, photo=f"{kind}.png", words="x", label=1)
                for name, kind in [("a", "good"), ("b", "bad"), ("c", "gone")]
            ]
        )


def test_tags_that_are_not_as_many_as_words_are_left_out(validator: Validator) -> None:
    own = Validator(
        inputs={"words": "w"},
        targets={"tags": "t"},
        fields=fields({"words": "words"}, "tags"),
        folder=validator.folder,
        policy=ErrorPolicy(1.0, 10),
    )
    rows = own.rows([record("a", w=["x", "y"], t=["O", "O"]), record("b", w="x y", t="O"), record("c", t=["O"])])
    assert [row.id for row in rows] == ["a", "c"]
    assert own.policy.skipped[0]["reason"] == "tags must be one for each word, got 1 for the 2 of words."


@pytest.mark.parametrize(
    ("cells", "name"), [({"m": "../m.png"}, "mask"), ({"v": ["good.png", "../x.png"]}, "video"), ({"v": ".."}, "video")]
)
def test_masks_and_frames_outside_are_refused_however_tolerant(validator: Validator, cells: Any, name: str) -> None:
    inputs, targets = ({"video": "v"}, {}) if name == "video" else ({}, {"mask": "m"})
    own = Validator(
        inputs=inputs,
        targets=targets,
        fields=fields(dict(zip(inputs, inputs, strict=True)), *targets),
        folder=validator.folder,
        policy=ErrorPolicy(1.0, 10),
    )
    with pytest.raises(DataError, match=rf"m\.csv:a, sample a: {name} must lie inside"):
        own.rows([record("a", **cells)])


def test_columns_that_are_filled_make_a_row_of_a_table(validator: Validator) -> None:
    own = Validator(
        inputs={"person": ["age", "city"]},
        targets={},
        folder=validator.folder,
        policy=ErrorPolicy(1.0, 10),
        fields=fields({"person": "tabular"}),
    )
    rows = own.rows([record("a", age="3", city=""), record("b", age=float("nan")), record("c", age=[1])])
    assert [dict(row.inputs) for row in rows] == [{"person": {"age": "3"}}, {}]
    assert own.policy.skipped[0]["reason"] == "person column 'age' must be a finite number or a text, got [1]."


def test_a_path_of_another_machine_is_refused_with_the_one_to_write(validator: Validator) -> None:
    with pytest.raises(
        DataError, match=r"image must be a path relative to the manifest, got 'C:.*good\.png'"
    ) as caught:
        validator.rows([record("a", photo="C:\\shop\\good.png", words="x", label=1)])
    assert caught.value.hint == "Write 'good.png': paths start at the folder of the manifest."
