from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import restore
from mmexp.inference.single import single


def test_a_sample_is_a_batch_of_one_with_or_without_its_target(make_lab: Callable[[Path], Any], tmp_path: Path):
    run = make_lab(tmp_path / "outputs").train("training.epochs=1")
    trained = restore(run)
    sample = split_samples(trained).samples[0]
    batch = single(trained, sample)
    assert batch.ids == (sample.id,) and batch.targets == {}
    assert batch.inputs["image"].values.shape == (1, 3, 16, 16) and batch.inputs["text"].mask.all()
    with torch.inference_mode():
        (row,) = trained.task.predictions(trained.module.model(batch), batch)
    (other,) = trained.predict([sample])
    assert row["scores"] == pytest.approx(other["scores"], abs=1e-5)
    assert single(trained, sample, trained.task.transforms()).targets["label"].raw == [sample.targets["label"]]
