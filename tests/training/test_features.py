from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmexp.cache import store
from mmexp.contract import Sample, Waveform
from mmexp.encoder.backbone import Features
from mmexp.encoder.image.timm import TimmEncoder
from mmexp.training.features import Encoded, FeatureTransform, name_of, names_of
from mmexp.transform.hf_text import HfTextTransform
from mmexp.transform.image import ImageTransform

FROZEN = ["encoder/text=hf", "method=frozen", "dataset.inputs={text: text, image: image}", "training.epochs=2"]


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def metrics(folder) -> dict[str, float]:
    return json.loads(folder.summary.read_text())["metrics"]


def predictions(folder) -> list[str]:
    return [json.loads(line)["label"] for line in folder.predictions("test").read_text().splitlines()]


def test_a_cached_run_gives_the_metrics_and_predictions_of_an_uncached_one(lab, tiny_bert, own_cache):
    words = [*FROZEN, f"encoder.text.model={tiny_bert}", "encoder/image=resnet"]
    words += ["encoder.image.model=test_resnet", "encoder.image.transform.image_size=32"]
    words += ["method.parts=[encoders.*.backbone]"]
    lab.overrides = [one for one in lab.overrides if not one.startswith(("encoder/text", "encoder.image"))]
    uncached = lab.train(*words, "feature_cache=0")
    assert "as feature_cache=0" in lab.said and not own_cache.joinpath("features").exists()
    first = lab.train(*words)
    assert {kept.about["modality"]: kept.about["values"] for kept in store.stores()} == {"image": 24, "text": 14}
    built = [kept.path.stat().st_ctime_ns for kept in store.stores()]
    second = lab.train(*words)
    assert [kept.path.stat().st_ctime_ns for kept in store.stores()] == built
    assert metrics(first) == metrics(second)
    for name, value in metrics(uncached).items():
        assert metrics(first)[name] == pytest.approx(value, rel=1e-4), name
    assert predictions(uncached) == predictions(first)


def test_where_no_sample_has_an_input_nothing_is_encoded(lab, own_cache):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder.image")]
    image = ["encoder/image=resnet", "encoder.image.model=test_resnet", "encoder.image.transform.image_size=32"]
    run = lab.train(*image, "method=frozen", "method.parts=[encoders.image.backbone]", "control=blank")
    assert json.loads(run.summary.read_text())["status"] == "done" and not store.stores()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["encoder.image.transform.flip=0.5"], "its transform is random"),
        (["augment=[rand_augment]"], "augment changes its input"),
    ],
)
def test_what_changes_an_input_in_training_is_said_and_encoded_anew(lab, own_cache, words, reason):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder.image")]
    image = ["encoder/image=resnet", "encoder.image.model=test_resnet", "encoder.image.transform.image_size=32"]
    lab.train(*image, *words, "method=frozen", "method.parts=[encoders.image.backbone]", "training.epochs=1")
    assert f"features of the frozen encoder are computed anew in each epoch, as {reason}" in lab.said
    assert not store.stores()


def test_a_file_is_known_by_its_hash_and_a_text_by_its_words(tiny_bert: str):
    image, text = ImageTransform(), HfTextTransform(folder=tiny_bert, max_length=6)
    sample = Sample("s", {"image": None, "text": ["a", "b"]}, {}, {"image": "hash"})
    assert names_of(sample, "image", image) == names_of(
        Sample("t", {"image": 1}, {}, {"image": "hash"}), "image", image
    )
    assert names_of(sample, "text", text) == [name_of("a"), name_of("b")]
    assert names_of(sample, "audio", image) is None


@pytest.mark.parametrize(
    "values",
    [
        ("a", "b"),
        ("1", 1),
        (("a", "b"), ("ab",)),
        (["a"], ("a",)),
        (np.zeros(2, np.uint8), np.zeros(2, np.float32)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (Waveform(np.zeros(2, np.float32), 8), Waveform(np.zeros(2, np.float32), 16)),
        (Waveform(np.zeros(2, np.float32), 8), Waveform(np.zeros(3, np.float32), 8)),
    ],
)
def test_other_values_have_other_names(values):
    assert len({name_of(value) for value in values}) == 2
    assert name_of(values[0]) == name_of(values[0])


def test_samples_read_features_in_place_of_an_input_and_keep_what_they_lack(tmp_path: Path):
    known = store.build("k", {}, lambda write: write("n", np.ones((2, 3), np.float32)), folder=tmp_path)
    samples = [Sample("s", {"image": "raw", "text": "t"}, {"label": 1}), Sample("t", {"text": "u"}, {})]
    encoded = Encoded(samples, {"image": known}, {"image": [["n"], None]})
    assert [one.shape for one in encoded[0].inputs["image"]] == [(2, 3)] and encoded[0].inputs["text"] == "t"
    assert encoded[0].targets == {"label": 1} and "image" not in encoded[1].inputs and len(encoded) == 2


def test_a_batch_in_which_no_sample_has_the_image_is_encoded():
    image = TimmEncoder(dim=4, transform=ImageTransform(image_size=64), model="test_resnet")
    tokens = image(FeatureTransform(image.width).collate([None, None]))
    assert tokens.present.tolist() == [False, False] and tokens.features.isfinite().all()


def test_features_are_padded_and_one_of_several_is_drawn():
    transform = FeatureTransform(3)
    prepared = transform.prepare([np.zeros((2, 3), np.float32), np.ones((1, 3), np.float32)])
    drawn = {len(transform.augment(prepared, np.random.default_rng(i))[0]) for i in range(20)}
    batch = transform.collate([prepared, None, [prepared[1]]])
    assert drawn == {1, 2} and isinstance(batch, Features)
    assert batch.values.shape == (3, 2, 3) and batch.mask.sum(1).tolist() == [2, 0, 1]
    assert torch.equal(batch.values[2, 0], torch.ones(3))
