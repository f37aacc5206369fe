from __future__ import annotations

import json
import logging

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmexp.contract import Sample, Waveform
from mmexp.error import ResourceError
from mmexp.run.folder import RunFolder
from mmexp.training import kept_samples
from mmexp.training.kept_samples import MOST, keep_samples


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


def kept(folder: RunFolder) -> list[dict]:
    return [json.loads(line) for line in (folder.samples / "samples.jsonl").read_text().splitlines()]


def test_images_audio_and_texts_of_a_few_samples_are_kept_small(folder):
    inputs = {
        "image": np.full((400, 800, 3), 255, np.uint8),
        "audio": Waveform(np.zeros(80_000, np.float32), 8000),
        "video": np.stack([np.full((8, 8, 3), 10 * i, np.uint8) for i in range(3)]),
        "text": "x" * 900,
        "dialogue": ("hello", "you"),
        "tabular": {"age": 3, "job": "cook"},
        "vector": np.zeros(4, np.float32),
    }
    keep_samples([Sample("a/../b", inputs, {})], folder)
    [row] = kept(folder)
    assert row["id"] == "a/../b" and "vector" not in row["inputs"]
    assert row["inputs"]["text"] == {"text": "x" * 500} and row["inputs"]["tabular"] == {"text": "age: 3, job: cook"}
    assert row["inputs"]["dialogue"] == {"text": "hello / you"}
    with Image.open(folder.samples / row["inputs"]["image"]["file"]) as image:
        assert image.size == (192, 96)
    with Image.open(folder.samples / row["inputs"]["video"]["file"]) as image:
        assert abs(int(np.asarray(image).mean()) - 10) < 3
    samples, rate = soundfile.read(folder.samples / row["inputs"]["audio"]["file"])
    assert (len(samples), rate) == (32_000, 8000)


@pytest.mark.parametrize(("number", "ids"), [(3, "0 1 2"), (30, "0 2 4 6 8 10 12 14 16 18 20 22")])
def test_they_are_evenly_spaced_so_that_other_runs_keep_the_same(folder, number, ids):
    keep_samples([Sample(str(i), {"text": "a"}, {}) for i in range(number)], folder)
    assert " ".join(row["id"] for row in kept(folder)) == ids and len(kept(folder)) <= MOST


def test_a_run_does_not_fail_because_of_them(folder, caplog):
    with caplog.at_level(logging.WARNING):
        keep_samples([None], folder)
    assert "could not be kept" in caplog.text


def test_a_full_disk_stops_the_run(folder, monkeypatch):
    def full(path, data):
        raise ResourceError("disk: room must be left, got none.")

    monkeypatch.setattr(kept_samples, "write_atomic", full)
    with pytest.raises(ResourceError, match="room must be left"):
        keep_samples([], folder)
