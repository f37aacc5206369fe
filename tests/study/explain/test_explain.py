from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexp.error import ConfigError
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import restore
from mmexp.run.jsonfile import strict
from mmexp.study.audit import losses_of
from mmexp.study.explain.explain import explain, listed, refuse_without_captum, summarized

MODELS = {
    "regression": ["dataset=scenes", "task=regression", "inputs=[tabular,audio]"],
    "retrieval": ["dataset=scenes", "task=retrieval", "inputs=[image,text]"],
    "captioning": ["dataset=scenes", "task=captioning", "inputs=[image]", "fusion=attention"],
}


def test_samples_are_explained_by_each_method_and_measured(trained, sample):
    found = explain(trained, [sample], ["occlusion", "integrated_gradients"])
    one = found[0]
    assert set(one.values) == {"occlusion", "integrated_gradients"} and set(one.measures["occlusion"]) >= {
        "deletion_gain"
    }
    (plain,) = listed(found)
    assert plain["id"] == sample.id and plain["answer"] == one.question.answer.text and strict(plain)
    own = plain["attributions"]["occlusion"]
    assert len(own["image"]) == 64 and next(iter(own["text"])) == "a"
    total = summarized(found * 3, {})["occlusion"]["deletion_gain"]
    assert total["value"] == pytest.approx(one.measures["occlusion"]["deletion_gain"])


def test_a_mean_over_few_samples_has_no_interval(trained):
    found = explain(trained, list(split_samples(trained).samples)[:4], ["occlusion"])
    assert "low" not in summarized(found, {})["occlusion"]["deletion_gain"]


def test_the_mean_has_an_interval_over_samples(trained):
    samples = list(split_samples(trained).samples)
    found = explain(trained, samples, ["occlusion"])
    own = summarized(found, {})["occlusion"]["insertion_gain"]
    values = [one.measures["occlusion"]["insertion_gain"] for one in found]
    assert own["value"] == pytest.approx(np.mean(values)) and own["low"] < own["value"] < own["high"]
    assert (own["over"], own["units"]) == ("samples", 6)


@pytest.mark.parametrize("task", MODELS)
def test_every_task_that_scores_its_answer_is_explained(task: str, make_lab: Callable[[Path], Any], tmp_path: Path):
    lab = make_lab(tmp_path)
    small = ["dataset.sizes=[8,4,2]", "dataset.image_size=32", "dataset.cache=null", "training.epochs=1", "dim=16"]
    lab.overrides = [*MODELS[task], *small, "hardware=cpu", "training.batch_size=8", lab.overrides[-1]]
    trained = restore(lab.train())
    (one,) = explain(trained, split_samples(trained).samples[:1], ["occlusion"])
    values, question = one.values["occlusion"], one.question
    assert values.isfinite().all() and float(values.abs().max()) > 0
    (row,) = trained.predict([one.sample])
    if task != "captioning":
        assert question.value == pytest.approx(row.get("score", row.get("prediction")), abs=1e-4)
        return
    assert question.answer.text == row["caption"]
    written = replace(one.sample, targets={"captions": [row["caption"]]})
    trained.task.label_smoothing = 0.0
    assert question.value == pytest.approx(-float(losses_of(trained, [written])[0]), abs=1e-4)


def test_without_captum_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(ConfigError, match="of the extra explain, must be installed, got no captum"):
        refuse_without_captum()


def test_a_method_that_does_not_exist_is_refused(trained, sample):
    with pytest.raises(ConfigError, match=r"--method must be one of .*, got 'occlusio'"):
        explain(trained, [sample], ["occlusio"])
