from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmexp.cache import store
from mmexp.contract import Sample
from mmexp.encoder.backbone import Features
from mmexp.encoder.base import Encoder
from mmexp.encoder.image.timm import TimmEncoder
from mmexp.inference.predictor import restore
from mmexp.training.experiment import load_data
from mmexp.training.features import Encoded, FeatureTransform, encoded_before, not_extracted
from mmexp.transform.image import ImageTransform

FROZEN = ["encoder/text=hf", "method=frozen", "dataset.inputs={text: text, image: image}", "training.epochs=2"]


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> list[str]:
    """Words of a run on 6 films of two frames, each frame through a small ResNet."""
    root, generator = tmp_path_factory.mktemp("films"), np.random.default_rng(0)
    rows = []
    for i, split in enumerate(["train"] * 2 + ["val"] * 2 + ["test"] * 2):
        frames = [f"{i}-{j}.png" for j in range(2)]
        for frame in frames:
            Image.fromarray(generator.integers(0, 255, (16, 16, 3), np.uint8)).save(root / frame)
        rows.append({"id": f"s{i}", "video": frames, "label": "ab"[i % 2], "split": split})
    (root / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    image = "encoder.video.image"
    words = [f"dataset.root={root}", "inputs=[video]", "fusion=none", "training.epochs=2", f"{image}.model=test_resnet"]
    return [f"encoder/image@{image}=resnet", f"{image}.transform.image_size=32", *words]


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


def test_the_image_encoder_of_a_video_is_run_once_and_its_run_evaluates_to_the_same_bits(lab, films, own_cache, caplog):
    words = [*films, "method=frozen", "method.parts=[encoders.video.image.backbone]"]
    uncached = lab.train(*words, "feature_cache=0")
    assert "video: features of the frozen encoder are computed anew in each epoch, as feature_cache=0" in lab.said
    run = lab.train(*words)
    (kept,) = store.stores()
    assert (kept.about["modality"], kept.about["values"]) == ("video", 6)
    for name, value in metrics(uncached).items():
        assert metrics(run)[name] == pytest.approx(value, rel=1e-4), name
    trained = restore(run)
    assert trained.stores["video"].path == kept.path
    samples = load_data(trained.root).split("test")
    read, inputs = encoded_before(trained.module.model.transforms, trained.stores, samples)
    assert isinstance(read, Encoded) and isinstance(inputs["video"], FeatureTransform)
    assert all(value == metrics(run)[name] for name, value in trained.evaluate(samples, "test").items())
    other = [Sample("x", {"video": np.zeros((2, 16, 16, 3), np.uint8)}, {})]
    transforms = trained.module.model.transforms
    assert encoded_before(transforms, trained.stores, other) == (other, transforms)
    assert not restore(run, ["hardware.precision=bf16-mixed"]).stores
    store.remove(kept)
    assert not restore(run).stores
    assert "video: features of the frozen encoder are computed anew, as those of training are gone" in caplog.text


def test_a_frozen_encoder_within_one_that_gives_no_features_is_named():
    class Around(Encoder):
        def __init__(self) -> None:
            super().__init__()
            self.inner = TimmEncoder(dim=4, transform=ImageTransform(image_size=32), model="test_resnet")
            self.inner.backbone.requires_grad_(False)

        def forward(self, inputs):
            return self.inner(inputs)

    model = torch.nn.Module()
    model.encoders = torch.nn.ModuleDict({"image": Around()})
    assert not_extracted(model, {}) == {"encoders.image.inner": "Around is no FeatureEncoder"}


def test_where_no_sample_has_an_input_nothing_is_encoded(lab, own_cache, monkeypatch):
    monkeypatch.setattr(TimmEncoder, "extract", lambda self, inputs: pytest.fail("a backbone is run on nothing"))
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
