from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from mmexp.config.compose import compose, load_config
from mmexp.config.facts import Facts
from mmexp.error import ConfigError, DataError
from mmexp.inference.predictor import restore
from mmexp.run.checkpoints import listed
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import Experiment, build, load_data
from mmexp.training.warm_start import Pretrained, find_start

LEARNT = [
    "task=pretraining",
    "task.masking.image.side=4",
    "task.masking.image.patch_size=4",
    "training.epochs=1",
    "training.ema=0.5",
]


@pytest.fixture(scope="module")
def learnt(make_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, RunFolder]:
    """What trains the smallest experiments, and a run to start from."""
    lab = make_lab(tmp_path_factory.mktemp("pretrained") / "outputs")
    return lab, lab.train(*LEARNT)


@pytest.fixture
def started(learnt: tuple[Any, RunFolder], tmp_path: Path) -> Any:
    lab, run = learnt
    folder = RunFolder.create(tmp_path, "x")

    def make(*words: str) -> Experiment:
        root = compose([*lab.overrides, f"pretrained={run.id}", *words]).plain()
        return build(root, load_data(root), folder)

    return SimpleNamespace(make=make, folder=folder, run=run, lab=lab)


def averaged(run: RunFolder) -> dict[str, torch.Tensor]:
    checkpoint = torch.load(listed(run.checkpoints, "best")[0], weights_only=True)
    assert any(not torch.equal(checkpoint["state_dict"][name], value) for name, value in checkpoint["average"].items())
    return {**checkpoint["state_dict"], **checkpoint["average"]}


def test_a_run_starts_from_the_weights_and_the_words_of_another(started):
    experiment = started.make("task=classification")
    found = experiment.module.state_dict()
    weights = averaged(started.run)
    taken = {name for name in found if name.startswith(("model.encoders.", "model.missing.", "model.fusion."))}
    assert taken == {
        name for name in weights if name.startswith(("model.encoders.", "model.missing.", "model.fusion."))
    }
    assert all(torch.equal(found[name], weights[name]) for name in taken)
    assert started.folder.tokenizer.read_bytes() == started.run.tokenizer.read_bytes()
    facts = json.loads(started.folder.facts.read_text())
    assert facts["inputs"] == ["image", "text"] and facts["modalities"] == ["anchor", "image", "text"]
    assert facts["vocab_size"] == json.loads(started.run.facts.read_text())["vocab_size"]
    assert experiment.taken == [f"Taken from {started.run.id}: encoder.image, encoder.text, fusion, tokenizer."]


@pytest.fixture(scope="module")
def mixed(make_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, RunFolder]:
    """A run pretrained on sound, numbers and columns, some of which are missing."""
    folder = tmp_path_factory.mktemp("mixed")
    generator, rows = np.random.default_rng(0), []
    for i in range(16):
        soundfile.write(folder / f"{i}.wav", generator.normal(0, 0.1, 1600), 8000)
        row = {"id": f"m{i}", "audio": f"{i}.wav", "vector": generator.normal(size=3).tolist(), "age": 20 + i}
        row |= {"colour": "rgb"[i % 3], "label": "ab"[i % 2], "split": ["train", "train", "val", "test"][i % 4]}
        rows.append({key: value for key, value in row.items() if (key, i % 5) not in (("audio", 1), ("age", 2))})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lab = make_lab(folder / "outputs")
    columns = "dataset.inputs={audio: audio, vector: vector, row: [age, colour]}"
    lab.overrides[:-1] += [f"dataset.root={folder}", columns, "encoder.audio.widths=[4,4]"]
    lab.overrides[:] = [word for word in lab.overrides if not word.startswith("encoder.image")]
    return lab, lab.train("task=pretraining", "training.epochs=1")


def test_every_kind_that_was_masked_and_contrasted_is_taken_and_nothing_else(mixed, tmp_path):
    lab, run = mixed
    summary = json.loads(run.summary.read_text())["metrics"]
    assert {"val/masked_audio", "val/masked_vector", "val/masked_row", "val/audio_to_row_recall_at_1"} < set(summary)
    words = [*lab.overrides, "task=classification"]
    made = []
    for start in ([f"pretrained={run.id}"], []):
        root = compose([*words, *start]).plain()
        made.append(build(root, load_data(root), RunFolder.create(tmp_path, "x")).module.model.state_dict())
    warm, cold = made
    checkpoint = torch.load(listed(run.checkpoints, "best")[0], weights_only=True)["state_dict"]
    weights = {name.removeprefix("model."): value for name, value in checkpoint.items()}
    taken = {name for name in warm if name.startswith(("encoders.", "missing.", "fusion."))}
    assert taken == {name for name in weights if name.startswith(("encoders.", "missing.", "fusion."))}
    assert {name.split(".")[1] for name in taken if name.startswith("encoders.")} == {"audio", "vector", "row"}
    assert all(torch.equal(warm[name], weights[name]) for name in taken)
    trained = [name for name in taken & {*cold} if warm[name].ndim > 1]
    assert trained and not any(torch.equal(warm[name], cold[name]) for name in trained)
    rest = {*warm} - taken
    assert rest and all(torch.equal(warm[name], cold[name]) for name in rest)


def test_one_input_alone_takes_its_encoder_and_a_fusion_of_another_kind_starts_anew(started):
    experiment = started.make("task=classification", "inputs=[image]", "fusion=none")
    assert list(experiment.module.model.encoders) == ["image"]
    taken, not_taken = experiment.taken
    assert taken == f"Taken from {started.run.id}: encoder.image, tokenizer."
    words = "The fusion is not taken from .* as it is another: 'fusion.hidden.weight' of none here and .* there"
    assert re.search(words.replace("hidden.weight", r"[\w.]+"), not_taken)


def test_an_encoder_that_fits_and_reads_its_input_otherwise_is_said_to(started):
    notes = started.make("task=classification", "encoder.image.transform.rotate=5").taken
    there = "as there: ~encoder.image.transform.rotate"
    assert notes[0] == f"encoder.image is configured otherwise than in {started.run.id}; {there}"


def test_the_words_of_other_data_are_read_with_the_tokenizer_of_the_run(started, tiny, tmp_path):
    for path in tiny.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"thing", b"stuff"))
    started.make("task=matching", f"dataset.root={tmp_path}")
    assert b"stuff" not in started.folder.tokenizer.read_bytes()


@pytest.mark.parametrize(
    ("words", "fault", "hint"),
    [
        (["dim=16"], r"encoders.image.position' of \[16, 16\] here and \[16, 8\] there", "Add dim=8"),
        (["encoder.image.widths=[4,4]"], r"of \[4, 4, 3, 3\] here and \[8, 4, 3, 3\]", "encoder.image.widths=[4,8]"),
        (["encoder/image=vit"], r"of \[64, 8\] here and \[16, 8\]", "Add encoder/image=cnn"),
        (["encoder.image.depth=2"], r"of \[8, 8, 3, 3\] here and none there", "Add ~encoder.image.depth"),
    ],
)
def test_an_encoder_of_another_size_is_refused(started, words, fault, hint):
    sizes = [word for word in started.lab.overrides if "vit" not in words[0] or not word.startswith("encoder.image")]
    root = compose([*sizes, f"pretrained={started.run.id}", *words]).plain()
    rule = f"encoder of image must be that of {started.run.id}, got .*{fault}"
    with pytest.raises(ConfigError, match=rule) as caught:
        build(root, load_data(root), started.folder)
    assert hint in caught.value.hint


def test_inputs_of_which_the_run_knows_none_are_refused(started):
    start = Pretrained.read(started.run, ())
    model = SimpleNamespace(encoders={"audio": None})
    with pytest.raises(ConfigError, match="inputs must share one with image, text, got audio"):
        start.give(model, {}, {})


def test_the_newest_run_stays_the_one_that_was_meant(started):
    root = compose([*started.lab.overrides, "pretrained=last"]).plain()
    assert root["pretrained"] == started.run.id
    elsewhere = compose([f"pretrained={started.run.path}", "outputs=elsewhere"]).plain()
    assert elsewhere["pretrained"] == str(started.run.path)
    with pytest.raises(ConfigError, match=r"pretrained: id must name a run in .*, got '2020'"):
        compose([*started.lab.overrides, "pretrained=2020"])


def test_once_begun_a_run_needs_the_other_no_more(make_lab, tmp_path, monkeypatch):
    lab = make_lab(tmp_path / "outputs")
    first = lab.train(*LEARNT)
    second = lab.train("task=classification", "pretrained=last", "training.epochs=1")
    assert load_config(second.config).plain()["pretrained"] == first.id
    assert json.loads(second.summary.read_text())["config"]["pretrained"] == first.id
    assert f"note: Taken from {first.id}" in lab.said
    shutil.rmtree(first.path)
    root = load_config(second.config).plain()
    assert find_start(root, second, load_data(root)) is None
    assert restore(second).facts["modalities"] == ["anchor", "image", "text"]
    for name in ("manifest.json", "summary.json"):
        (second.path / name).unlink()
    monkeypatch.setattr("mmexp.training.warm_start.Pretrained.read", lambda *parts: pytest.fail("read"))
    assert lab.resume(second).summary.exists()
    assert lab.said.count("Taken from") == 1


def test_frozen_weights_that_another_run_has_changed_are_not_left_to_their_source(lab, tiny_bert):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    words = ["encoder/text=hf", f"encoder.text.model={tiny_bert}", "inputs=[text]", "fusion=none", "training.epochs=1"]
    first = lab.train(*words, "optimizer.lr=0.05", "method.pretrained_lr=1")
    run = lab.train(*words, "method=frozen", f"pretrained={first.id}")
    assert [one["left"] for one in Facts.read(run.path)["origins"].values()] == [False]
    weights = {one.id: restore(one).module.state_dict() for one in (first, run)}
    inside = [name for name in weights[run.id] if ".backbone." in name]
    assert inside and all(torch.equal(weights[first.id][name], weights[run.id][name]) for name in inside)
    predicted = run.predictions("test").read_text()
    for name in ("manifest.json", "summary.json"):
        (run.path / name).unlink()
    run.predictions("test").unlink()
    assert lab.resume(run).predictions("test").read_text() == predicted
    after = lab.train(*words, "method=frozen", f"pretrained={run.id}")
    assert [one["left"] for one in Facts.read(after.path)["origins"].values()] == [False]
    with pytest.raises(ConfigError, match=r"encoder of text must be that of .*query.* of none here and") as error:
        lab.train(*words, "method=lora", f"pretrained={first.id}")
    assert error.value.hint == "Add method=full"


def test_a_run_without_a_checkpoint_and_a_damaged_one_are_refused(started, tmp_path):
    copy = RunFolder(Path(shutil.copytree(started.run.path, tmp_path / "copy" / "x" / started.run.id)))
    for path in copy.checkpoints.glob("best*.ckpt"):
        path.unlink()
        path.write_bytes(b"broken")
    with pytest.raises(DataError, match="checkpoint must match the hash stored next to it"):
        Pretrained.read(copy, ())
    shutil.rmtree(copy.checkpoints)
    with pytest.raises(ConfigError, match=f"pretrained: {copy.id} must have a checkpoint, got none"):
        Pretrained.read(copy, ())


def run_of(modalities: list[str], inputs: list[str], **facts: object) -> Pretrained:
    known = Facts({"modalities": modalities, "inputs": inputs, **facts})
    return Pretrained(RunFolder(Path("r")), {"fusion": {"_target_": "a.Fusion"}}, known, {})


def task_of(anchor: str | None) -> Any:
    def slots(inputs: list[str]) -> tuple[str, ...]:
        return (*([anchor] if anchor else []), *(name for name in inputs if name != anchor))

    return SimpleNamespace(anchor=anchor, slots=slots)


@pytest.mark.parametrize(
    ("run", "anchor", "inputs", "expected"),
    [
        (run_of(["anchor", "image", "text"], ["image", "text"]), None, ["text"], ["anchor", "image", "text"]),
        (run_of(["anchor", "image", "text"], ["image", "text"]), "image", ["image"], ["anchor", "image", "text"]),
        (run_of(["anchor", "image", "text"], ["image", "text"]), "prefix", ["image"], ["prefix", "image", "text"]),
        (run_of(["anchor", "image", "text"], ["image", "text"]), None, ["image", "audio"], ["image", "audio"]),
        (run_of(["image", "text"], ["image", "text"]), None, ["text", "image"], ["image", "text"]),
        (run_of(["image", "text"], ["image", "text"]), "prefix", ["text", "image"], ["prefix", "text", "image"]),
        (run_of(["text", "image"], ["image", "text"]), "image", ["text", "image"], ["image", "text"]),
        (run_of(["image", "text"], ["image", "text"]), "image", ["image"], ["image", "text"]),
    ],
)
def test_a_fusion_keeps_the_places_it_has_learned_if_all_inputs_have_one(run, anchor, inputs, expected):
    assert list(run.slots({"_target_": "a.Fusion"}, task_of(anchor), inputs)) == expected
    own = task_of(anchor).slots(inputs)
    assert run.slots({"_target_": "another.Fusion"}, task_of(anchor), inputs) == own


def test_what_encoders_were_built_for_is_taken_and_another_kind_refused():
    run = run_of(["a"], ["a"], modality={"a": {"kind": "symbols", "symbols": ["x"]}, "c": {"kind": "vector"}})
    ours = {"a": {"kind": "symbols", "symbols": ["y"]}, "b": {"kind": "vector", "width": 2}}
    found = run.describe({"sizes": 1, "modality": ours})
    assert found == {"sizes": 1, "modality": {"a": {"kind": "symbols", "symbols": ["x"]}, "b": ours["b"]}}
    assert run.describe({"sizes": 1}) == {"sizes": 1}
    with pytest.raises(ConfigError, match="a must be of one kind in r and in the data, got symbols and vector"):
        run.describe({"modality": {"a": {"kind": "vector"}}})
