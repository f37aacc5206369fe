from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmexp.config.compose import load_config
from mmexp.error import ConfigError
from mmexp.inference.predictor import restore
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import load_data
from mmexp.training.model_files import kept, without_source


@pytest.fixture
def source(tiny_bert: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "bert"))


@pytest.fixture
def words(source: Path) -> list[str]:
    return ["encoder/text=hf", f"encoder.text.model={source}", "inputs=[text]", "fusion=none", "training.epochs=1"]


def test_a_model_that_is_trained_predicts_when_its_source_is_gone(lab, words, source):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    run = lab.train(*words)
    names = {path.name for path in kept(run, "encoder.text").iterdir()}
    assert {"config.json", "tokenizer.json"} <= names and not any(name.endswith(".safetensors") for name in names)
    samples = load_data(load_config(run.config).plain()).split("test")
    before = list(restore(run).predict(samples))
    shutil.rmtree(source)
    assert list(restore(run).predict(samples)) == before


def test_frozen_weights_need_their_source_and_say_so(lab, words, source):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    run = lab.train(*words, "method=frozen")
    assert not kept(run, "encoder.text").exists()
    shutil.rmtree(source)
    with pytest.raises(ConfigError, match="model must be a path that exists") as caught:
        restore(run)
    rule = "leave frozen weights to their source, which must be there"
    assert f"Checkpoints of {run.id} {rule}: {source}." in caught.value.hint


def test_a_model_within_an_encoder_is_built_from_what_was_kept_of_it(tmp_path: Path):
    run = RunFolder(tmp_path)
    kept(run, "encoder.video.image").mkdir(parents=True)
    image = {"_target_": "x", "model": "a/b", "revision": "main", "pretrained": True, "dim": 4}
    found = without_source({"_target_": "y", "image": image}, "encoder.video", run)
    place = str(tmp_path / "models" / "video.image")
    assert found == {"_target_": "y", "image": {"_target_": "x", "model": place, "revision": None, "dim": 4}}
    assert without_source(image, "encoder.image", run)["model"] == "a/b"
