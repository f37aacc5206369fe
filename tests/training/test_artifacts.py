from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from matplotlib.figure import Figure
from PIL import Image

from mmexp.contract import Waveform
from mmexp.run.folder import RunFolder
from mmexp.training.artifacts import draw, with_groups, write_media


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


def test_pictures_and_sound_become_files_and_all_else_stays(folder):
    mask, sound = np.eye(6, dtype=np.uint8), Waveform(np.linspace(-0.5, 0.5, 80, dtype=np.float32), 8000)
    rows = [{"id": "a/../b", "mask": mask, "spoken": sound}, {"id": "c", "label": "d", "scores": np.arange(2)}]
    first, second = write_media(rows, folder, "test")
    assert first == {"id": "a/../b", "mask": "test/000000-mask.png", "spoken": "test/000000-spoken.wav"}
    assert second["label"] == "d" and second["scores"].tolist() == [0, 1]
    there = folder.predictions("test").parent
    with Image.open(there / first["mask"]) as image:
        assert np.array_equal(np.array(image), mask)
    samples, rate = soundfile.read(there / first["spoken"], dtype="float32")
    assert rate == 8000 and samples == pytest.approx(sound.samples, abs=1e-4)


def test_the_pictures_of_a_task_lie_in_the_folder_of_plots(folder):
    draw(SimpleNamespace(plots=lambda rows, samples: {"one": Figure(), "two": Figure()}), [], [], folder)
    assert sorted(path.name for path in folder.plots.iterdir()) == ["one.png", "two.png"]
    with Image.open(folder.plots / "one.png") as image:
        assert image.size > (100, 100)


def test_what_was_logged_is_drawn_too(folder):
    folder.metrics.write_text("".join(f'{{"step": {i}, "epoch": {i}, "val/loss": {i}.5}}\n' for i in range(3)))
    draw(SimpleNamespace(plots=lambda rows, samples: {}), [], [], folder)
    assert [path.name for path in folder.plots.iterdir()] == ["learning_curves.svg"]


def test_a_run_does_not_fail_for_want_of_a_picture(folder, caplog):
    def fail(rows, samples):
        raise RuntimeError("no paint")

    with caplog.at_level(logging.WARNING):
        draw(SimpleNamespace(plots=fail), [], [], folder)
    assert "could not be drawn" in caplog.text and "no paint" in caplog.text


def test_the_group_of_a_sample_stands_in_its_row_where_it_is_known():
    rows = [{"id": "a", "label": 1}, {"id": "b", "label": 0}]
    assert with_groups(rows, {"a": "ann"}) == [{"id": "a", "label": 1, "group": "ann"}, {"id": "b", "label": 0}]
    assert with_groups(rows, {}) == rows
