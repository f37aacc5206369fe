from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mmexp.contract import Sample
from mmexp.deploy.package import pack, without_paths
from mmexp.error import ConfigError, DataError
from mmexp.inference.predictor import restore
from mmexp.run.folder import RunFolder
from mmexp.training.checkpoint import read_weights

SAMPLES = [Sample("a", {"text": "a red thing 1"}, {}), Sample("b", {"text": "a green thing"}, {})]


@pytest.fixture(scope="module")
def packed(trained_run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("packed") / "model"
    pack(trained_run, restore(trained_run), to)
    return to


@pytest.fixture
def moved(packed: Path, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(packed, tmp_path / "elsewhere")))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_package_predicts_elsewhere_what_its_run_predicts(trained_run: RunFolder, moved: RunFolder) -> None:
    found = RunFolder.find(str(moved.path))
    assert list(restore(found).predict(SAMPLES)) == list(restore(trained_run).predict(SAMPLES))


def test_a_package_names_no_place_and_holds_no_data_and_no_pickle(packed: Path, tiny: Path) -> None:
    files = {path.name for path in packed.iterdir()}
    assert files == {"config.yaml", "facts.json", "tokenizer.json", "package.json"} | {
        f"model.safetensors{end}" for end in ("", ".sha256")
    }
    for name in ("config.yaml", "facts.json", "package.json"):
        text = (packed / name).read_text()
        assert str(tiny) not in text and str(tiny.parent) not in text
    said = json.loads((packed / "package.json").read_text())
    assert said["files"].keys() == files - {"package.json"}
    assert said["files"]["model.safetensors"] == (packed / "model.safetensors").stat().st_size


def test_weights_that_changed_on_the_way_are_refused(moved: RunFolder) -> None:
    data = moved.weights.read_bytes()
    moved.weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(DataError, match="checkpoint must match the hash"):
        restore(moved)


@pytest.mark.parametrize("target", ["os.system", "subprocess.Popen", "canary.Canary"])
def test_a_hostile_package_executes_nothing(
    moved: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    (tmp_path / "canary.py").write_text(f"open({str(tmp_path / 'sang')!r}, 'w')\nclass Canary: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    change(moved.config, "mmexp.fusion.concat.ConcatFusion", target)
    change(moved.config, "plugins: []", "plugins: [canary, os, subprocess]")
    with pytest.raises(ConfigError, match=r"_target_ must lie under one of"):
        restore(moved)
    assert not (tmp_path / "sang").exists()


def test_a_pickle_in_place_of_weights_is_not_opened(moved: RunFolder, tmp_path: Path) -> None:
    import hashlib
    import pickle

    class Canary:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (str(tmp_path / "sang"), "w")

    moved.weights.write_bytes(pickle.dumps(Canary()))
    digest = hashlib.sha256(moved.weights.read_bytes()).hexdigest()
    moved.weights.with_name("model.safetensors.sha256").write_text(digest)
    with pytest.raises(DataError, match="weights must be a file of safetensors"):
        restore(moved)
    assert not (tmp_path / "sang").exists()


def test_a_package_reads_no_file_outside_of_it(moved: RunFolder) -> None:
    change(moved.facts, '"file": "tokenizer.json"', '"file": "../../secret.json"')
    with pytest.raises(ConfigError, match=r"file must lie in the run folder, got '../../secret.json'"):
        restore(moved)


def test_of_a_path_only_its_last_part_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data/sets").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    dataset = {"_target_": "mmexp.dataset.manifest.Manifest", "root": "data/sets", "manifest": "/a/b.csv", "on": "a/b"}
    root = {"dataset": dataset, "encoder": {}, "task": {}, "outputs": "/somewhere", "plugins": ["x"], "seed": 1}
    found = without_paths(RunFolder(tmp_path), root)
    assert found["dataset"] == {**dataset, "root": "sets", "manifest": "b.csv"}
    assert (found["outputs"], found["plugins"], found["seed"]) == ("outputs", [], 1)


def test_weights_are_read_as_they_were_written(trained_run: RunFolder, packed: Path) -> None:
    wanted = restore(trained_run).module.state_dict()
    found = read_weights(RunFolder(packed).weights)
    assert found.keys() == wanted.keys() and all(bool((found[name] == value).all()) for name, value in wanted.items())


@pytest.mark.parametrize("method", ["frozen", "lora", "ia3", "prompt"])
def test_weights_that_a_checkpoint_leaves_to_their_source_travel_with_what_was_added_to_them(
    lab: Any, tiny_bert: str, tmp_path: Path, method: str
) -> None:
    if method in ("lora", "ia3"):
        pytest.importorskip("peft", reason="the extra adapters is not installed")
    source = Path(shutil.copytree(tiny_bert, tmp_path / "bert"))
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    words = ["encoder/text=hf", f"encoder.text.model={source}", "encoder.text.max_length=8", "inputs=[text]"]
    length = ["method.length=3"] if method == "prompt" else []
    run = lab.train(*words, "fusion=none", f"method={method}", *length, "training.epochs=1", "optimizer.lr=0.05")
    trained = restore(run)
    wanted = list(trained.predict(SAMPLES))
    pack(run, trained, tmp_path / "model")
    shutil.rmtree(source)
    shutil.rmtree(run.path)
    moved = RunFolder(Path(shutil.move(tmp_path / "model", tmp_path / "elsewhere")))
    assert list(restore(moved).predict(SAMPLES)) == wanted
    assert str(source) not in moved.config.read_text()
