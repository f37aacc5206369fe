from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mmexp
from mmexp.contract import Sample
from mmexp.error import ConfigError, DataError


@pytest.fixture(scope="module")
def run(make_lab: Callable, tmp_path_factory: pytest.TempPathFactory) -> mmexp.Run:
    lab = make_lab(tmp_path_factory.mktemp("outputs"))
    return mmexp.load_run(lab.train("inputs=[image,text]", "training.epochs=1").path)


def test_a_dict_a_sample_and_a_table_give_what_the_run_has_predicted(run: mmexp.Run, tiny: Path):
    rows = [json.loads(line) for line in (tiny / "manifest.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["split"] == "test"]
    dicts = [{"id": row["id"], "image": tiny / row["image"], "text": row["text"]} for row in rows]
    arrays = [np.asarray(Image.open(tiny / row["image"])) for row in rows]
    samples = [Sample(row["id"], {"image": a, "text": row["text"]}, {}) for row, a in zip(rows, arrays, strict=True)]
    known = {row["id"]: row["score"] for row in run.predictions("test")}
    assert len(known) == 6
    for given in (dicts, samples, [tiny / "manifest.jsonl"]):
        found = {row["id"]: row["score"] for row in mmexp.predict(run, *given) if row["id"] in known}
        assert found == pytest.approx(known, rel=1e-5)


def test_a_dict_without_id_is_named_by_its_place_and_a_file_by_its_path(run: mmexp.Run, tiny: Path):
    rows = mmexp.predict(run, {"text": "a = b"}, tiny / "0.png", {"id": 7, "text": "red"})
    assert [row["id"] for row in rows] == ["0", str(tiny / "0.png"), "7"]


def test_a_modality_that_the_model_does_not_encode_is_refused(run: mmexp.Run):
    with pytest.raises(ConfigError, match="must be of a modality that the model encodes, got audio"):
        mmexp.predict(run, {"audio": "a.wav"})


def test_a_value_without_json_is_refused(run: mmexp.Run):
    with pytest.raises(TypeError, match="image must be a path, a text, numbers or named values, got ndarray"):
        mmexp.predict(run, {"image": np.zeros((2, 2, 3), np.uint8)})


def test_nothing_to_predict_is_refused(run: mmexp.Run):
    with pytest.raises(ConfigError, match="samples must be given, got none"):
        mmexp.predict(run)


def test_a_broken_file_is_refused_or_left_out_with_a_warning(run: mmexp.Run, tmp_path: Path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    with pytest.raises(DataError, match=r"broken\.png"):
        mmexp.predict(run, broken)
    with pytest.warns(UserWarning, match="1 samples could not be read and are left out"):
        rows = mmexp.predict(run, broken, {"text": "red"}, overrides=["dataset.on_error=skip"])
    assert [row["id"] for row in rows] == ["1"]
