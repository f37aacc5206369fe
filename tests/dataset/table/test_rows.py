from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.kind.label import LabelKind
from mmexp.dataset.kind.mask import MaskKind
from mmexp.dataset.kind.video import VideoKind
from mmexp.dataset.table.rows import Fields, Row, Rows, set_apart
from mmexp.error import DataError

NAMED = {"front": "image", "back": "image", "left": "vector", "clip": "video"}
INPUTS = {**{name: name for name in ("image", "audio", "text")}, **NAMED}
MASK = MaskKind().named("dataset.classes.mask", ["a", "b", None])
TARGETS = {name: standard().of_target(name) for name in ("image", "audio", "label")}
FIELDS = Fields({name: standard()[kind] for name, kind in INPUTS.items()}, {**TARGETS, "mask": MASK})


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    Image.new("RGB", (4, 2), (1, 2, 3)).save(tmp_path / "a.png")
    soundfile.write(tmp_path / "a.wav", np.zeros(8), 8000)
    full = Row("one", "m.csv:2", {"image": "a.png", "audio": "a.wav", "text": ["x", "y"]}, {"label": 1}, FIELDS)
    return Rows([full, Row("two", "m.csv:3", {"text": "z"}, {"label": 2}, FIELDS)], Folder(tmp_path, tmp_path))


def test_a_row_becomes_a_sample_when_it_is_asked_for(rows: Rows) -> None:
    sample = rows[0]
    assert (sample.id, sample.targets) == ("one", {"label": 1})
    assert sample.inputs["image"].shape == (2, 4, 3)
    assert sample.inputs["audio"].rate == 8000
    assert sample.inputs["text"] == ["x", "y"]


def test_a_missing_modality_is_a_missing_key(rows: Rows) -> None:
    assert list(rows[-1].inputs) == ["text"]


def test_rows_are_a_sequence(rows: Rows) -> None:
    assert len(rows) == 2
    assert [sample.id for sample in rows] == ["one", "two"]
    assert [sample.id for sample in rows[1:]] == ["two"]
    with pytest.raises(IndexError):
        rows[2]


def test_rows_travel_to_workers_unopened(rows: Rows) -> None:
    sent = pickle.dumps(rows)
    assert len(sent) < 1200
    assert pickle.loads(sent)[0].inputs["image"].shape == (2, 4, 3)


def test_a_row_knows_its_files(rows: Rows) -> None:
    assert rows.rows[0].files == [("image", "a.png"), ("audio", "a.wav")]


def test_a_modality_of_another_name_is_read_by_its_kind(rows: Rows) -> None:
    numbers = np.ones(3, np.float32)
    inputs = {"front": "a.png", "back": "a.png", "left": numbers}
    row = Row("one", "m.csv:2", inputs, {}, FIELDS)
    assert row.files == [("front", "a.png"), ("back", "a.png")]
    sample = Rows([row], rows.folder)[0]
    assert sample.inputs["front"].shape == sample.inputs["back"].shape == (2, 4, 3)
    assert sample.inputs["left"] is numbers


def test_a_file_that_vanishes_is_named_with_its_row(rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"^m\.csv:2, sample one: image 'a\.png' must be a file, got none\.$"):
        rows[0].inputs["image"]


def test_a_file_that_becomes_a_link_to_the_outside_is_not_opened(rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "a.png").unlink()
    (tmp_path / "a.png").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match=r"sample one: image 'a\.png' must lie inside"):
        rows[0].inputs["image"]


def test_a_video_is_read_frame_by_frame_and_a_mask_loses_what_is_ignored(tmp_path: Path) -> None:
    for number in (0, 1):
        Image.new("RGB", (4, 2), (number, 0, 0)).save(tmp_path / f"{number}.png")
    Image.fromarray(np.array([[0, 1], [2, 255]], np.uint8)).save(tmp_path / "m.png")
    row = Row("one", "m.csv:2", {"clip": ["0.png", "1.png"]}, {"mask": "m.png", "label": 1}, FIELDS)
    assert row.files == [("clip", "0.png"), ("clip", "1.png"), ("mask", "m.png")] and row.of(VideoKind) == ["clip"]
    sample = pickle.loads(pickle.dumps(Rows([row], Folder(tmp_path, tmp_path))))[0]
    assert sample.inputs["clip"].shape == (2, 2, 4, 3) and sample.inputs["clip"][:, 0, 0, 0].tolist() == [0, 1]
    assert sample.targets["mask"].tolist() == [[0, 1], [255, 255]] and sample.targets["label"] == 1
    assert sample.targets["mask"].dtype == np.uint8


def test_only_what_is_read_is_opened(rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "a.png").unlink()
    assert rows[0].inputs["text"] == ["x", "y"] and "image" in rows[0].inputs


def test_an_image_or_audio_may_be_the_target(rows: Rows) -> None:
    row = Row("one", "m.csv:2", {"text": "x"}, {"image": "a.png", "audio": "a.wav", "label": 1}, FIELDS)
    assert row.files == [("image", "a.png"), ("audio", "a.wav")]
    targets = Rows([row], rows.folder)[0].targets
    assert targets["image"].shape == (2, 4, 3) and targets["audio"].rate == 8000 and targets["label"] == 1


def test_rows_of_train_without_targets_are_counted_and_those_of_other_splits_refused():
    fields = Fields(targets={"label": LabelKind()})
    one, none = (Row(name, "table:1", {}, targets, fields) for name, targets in (("a", {"label": "x"}), ("b", {})))
    assert set_apart({"train": [one, none], "val": [one]}) == ({"train": [one], "val": [one]}, 1)
    assert set_apart({"train": [Row("c", "table:2", {}, {}, Fields())]})[1] == 0
    with pytest.raises(DataError, match=r"table:1, sample b: label must have a value in val, got none"):
        set_apart({"val": [one, none]})
