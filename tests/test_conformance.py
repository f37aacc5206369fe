"""Every YAML below conf/ is composed, built and run for one step; a new one is taken up by itself.

Those of tasks are run by ``test_grid.py``.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from omegaconf import OmegaConf
from PIL import Image
from rich.console import Console

from mmexp.cli import main
from mmexp.config.compose import compose
from mmexp.config.instantiate import instantiate
from mmexp.contract import Sample
from mmexp.dataset.manifest import Manifest
from mmexp.dataset.scenes import Scenes
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import Experiment, build, load_data
from mmexp.training.trainer import fit

ROOT = Path(__file__).resolve().parents[1]
CONF, PACKS = ROOT / "conf", ROOT / "../shared/data"
ALL = sorted(path for path in CONF.rglob("*.yaml") if path.parent != CONF)
EXPERIMENTS = sorted(CONF.glob("experiment/*.yaml"))
ROWS = 72
STEP = ["training.epochs=1", "training.validate_every=1", f"training.batch_size={2 * ROWS}", "dim=16", "hardware=cpu"]
SCENES = ["dataset.sizes=[8,4,4]", "dataset.image_size=32", "dataset.cache=null"]
SMALL = {
    "encoder/image=timm": ["encoder.image.model=test_resnet"],
    "encoder/image=resnet": ["encoder.image.model=test_resnet"],
    "encoder/image=efficientnet": ["encoder.image.weights=null", "encoder.image.transform.image_size=32"],
    "encoder/image=hf": ["encoder.image.transform.image_size=16"],
    "method=frozen": ["method.parts=[encoders.image]"],
    **{f"method={name}": ["encoder/text=hf", "encoder.text.model={text}"] for name in ("lora", "dora", "ia3")},
    "method=prompt": ["encoder/text=hf", "encoder.text.model={text}", "encoder.text.max_length=12"],
    "method=prefix": ["task=captioning", "decoder@task.decoder=hf", "task.decoder.model={decoder}", "method.length=4"],
    "decoder=hf": ["task.decoder.model={decoder}"],
}
"""What keeps an option from being slow, or from loading weights."""

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec")  # of Lightning's own making


def choice(path: Path) -> str:
    return f"{path.parent.relative_to(CONF).as_posix()}={path.stem}"


def choices(*groups: str) -> list[str]:
    return [choice(path) for path in ALL if path.relative_to(CONF).parts[0] in groups]


def comments(path: Path) -> list[str]:
    """The comment lines a YAML opens with, but for the package directive of an experiment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:end][path in EXPERIMENTS :]


def question(sample: Sample) -> dict[str, str]:
    return {**{name: sample.inputs[name] for name in ("head", "relation")}, "tail": sample.targets["tail"]}


def class_of(target: str) -> type:
    module, _, name = target.rpartition(".")
    return getattr(import_module(module), name)


def is_causal(path: Path) -> bool:
    """Whether the text encoder of a YAML can be kept from looking ahead."""
    return "causal" in signature(class_of(OmegaConf.load(path)._target_)).parameters


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunFolder]:
    """A run folder that is gone again after the test."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    folder = RunFolder.create(tmp_path / "outputs", "x")
    yield folder
    shutil.rmtree(folder.path)


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no plots: they depend on the task alone."""
    monkeypatch.setattr("mmexp.training.trainer.draw", lambda *_: None)


def train(words: list[str], folder: RunFolder) -> Experiment:
    """Build what the words describe, take one optimisation step, and check what is left in the run folder."""
    root = compose([*STEP, *words]).plain()
    dataset = load_data(root)
    experiment = build(root, dataset, folder)
    result = fit(experiment, folder, Console(quiet=True))
    assert result["monitor"] in result["metrics"] and len(list(folder.checkpoints.glob("last*.ckpt"))) == 1
    assert np.isfinite([result["metrics"][f"{split}/loss"] for split in ("val", "test")]).all()
    for split in ("val", "test"):
        rows = [json.loads(line) for line in folder.predictions(split).read_text().splitlines()]
        assert [row["id"] for row in rows] == [sample.id for sample in dataset.split(split)]
    return experiment


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in world as a user's own files."""
    folder, rows, ratings = tmp_path_factory.mktemp("world"), [], ["user_id,item_id,rating,timestamp"]
    world = Scenes(sizes=[8, 4, 4], image_size=32, cache=None)
    for split in ("train", "val", "test"):
        for sample in world.split(split):
            sound = sample.inputs["audio"]
            Image.fromarray(sample.inputs["image"]).save(folder / f"{sample.id}.png")
            soundfile.write(folder / f"{sample.id}.wav", sound.samples, sound.rate)
            files = {"image": f"{sample.id}.png", "audio": f"{sample.id}.wav"}
            captions = sample.targets["captions"]
            texts = {"text": captions[0], "captions": captions, "label": sample.targets["label"]}
            numbers = {"vector": sample.inputs["image"].mean((0, 1)).tolist()}
            rows.append({"id": sample.id, "split": split, **files, **texts, **numbers})
            taken = [*sample.inputs["items"], sample.targets["item"]]
            ratings += [f"{sample.id},{item},5,{time}" for time, item in enumerate(taken)]
    (folder / "ratings.csv").write_text("\n".join(ratings))
    triples = [{"split": split, **question(one)} for split in world.worlds for one in world.split(split)]
    (folder / "triples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in triples))
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.mark.parametrize("path", ALL, ids=choice)
def test_it_opens_with_one_line_that_says_what_it_is(path: Path):
    said = comments(path)
    assert said and re.fullmatch(r"# [A-Z0-9].{10,}[.)]", said[0])
    word = r"[\w-]+( with [\w/.=-]+( [\w/.=-]+)*)?"
    others = [line for line in said[1:] if not re.fullmatch(rf"# Also: {word}(, {word})*\.", line)]
    assert path in EXPERIMENTS or not others


@pytest.mark.parametrize("path", EXPERIMENTS, ids=choice)
def test_an_experiment_says_what_it_costs_and_what_it_gives(path: Path):
    directive, said = path.read_text(encoding="utf-8").partition("\n")[0], " ".join(comments(path)[1:])
    assert directive == "# @package _global_"
    assert re.search(r"\d+ (s|min|minutes?|h|hours?)\b", said), "It says how long it takes: '24 min on 2 cores'."
    assert re.search(r"\d[.]\d|\d ?%", said), "It says what to expect, in numbers: 'BLEU-4 about 0.12'."


@pytest.mark.parametrize("path", ALL, ids=choice)
def test_it_is_shown(path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["show", choice(path)]) == 0
    out = capsys.readouterr().out
    assert comments(path)[0] in out and "no source found" not in out


@pytest.mark.parametrize("path", [path for path in ALL if "_target_: mmexp." in path.read_text()], ids=choice)
def test_it_repeats_no_default_of_its_constructor(path: Path):
    content = OmegaConf.to_container(OmegaConf.load(path))
    for node in [content] if "_target_" in content else content.values():
        if node["_target_"].startswith("mmexp."):
            parameters = signature(class_of(node["_target_"])).parameters
            defaults = {name: one.default for name, one in parameters.items()}
            assert [key for key, value in node.items() if value == defaults.get(key, Parameter.empty)] == []


PARTS = [
    choice(path)
    for path in ALL
    if path.parent.name in ("missing", "optimizer", "scheduler", "method", "sampler") and "???" not in path.read_text()
]
"""Parts of the loop that need no other run."""


@pytest.mark.parametrize("words", PARTS)
def test_one_step(words: str, run_folder: RunFolder, tiny_models: dict[str, str]):
    parts = [one.format(**tiny_models) for one in SMALL.get(words, [])]
    train([words, *parts, *SCENES], run_folder)


@pytest.mark.parametrize("option", [words.split("=")[1] for words in choices("augment")])
def test_one_step_with_an_augmentation(option: str, run_folder: RunFolder, manifest: Path):
    inputs = "[image,vector,audio]" if option in ("mixup", "cutmix") else "[image,vector,text]"
    words = [f"augment=[{option}]", f"inputs={inputs}", "dataset=manifest", f"dataset.root={manifest}"]
    assert len(train(words, run_folder).module.augments) == 1


@pytest.mark.parametrize("words", choices("fusion"))
def test_one_step_of_a_fusion(words: str, run_folder: RunFolder):
    train([words, f"inputs={'[image]' if words == 'fusion=none' else '[image,text]'}", *SCENES], run_folder)


@pytest.mark.parametrize("words", choices("encoder"))
def test_one_step_of_an_encoder(words: str, run_folder: RunFolder, manifest: Path, tiny_models: dict[str, str]):
    kind = words.split("=")[0].split("/")[1]
    modality = {"encoder/symbols=rgcn": "asked"}.get(words, "items" if kind == "symbols" else kind)
    graph = ["dataset=triples", "dataset.manifest=triples.jsonl", "task=link_prediction"]
    own = {"vector": ["dataset=manifest"], "asked": graph}.get(modality)
    data = [*own, f"dataset.root={manifest}"] if own else SCENES
    model = [f"encoder.{kind}.model={tiny_models[kind]}"] if words.endswith("=hf") else []
    parts = [*model, *SMALL.get(words, []), *data]
    experiment = train([words, f"inputs=[{modality}]", "fusion=none", *parts], run_folder)
    assert list(experiment.module.model.encoders) == [modality]


@pytest.mark.parametrize("option", [path.stem for path in sorted(CONF.glob("encoder/text/*.yaml")) if is_causal(path)])
def test_one_step_of_a_causal_text_encoder_as_the_prefix_of_captions(option: str, run_folder: RunFolder):
    target = OmegaConf.load(CONF / f"encoder/text/{option}.yaml")._target_
    words = ["task=captioning", f"encoder/text@task.decoder.prefix={option}", "inputs=[image]"]
    experiment = train([*words, *SCENES], run_folder)
    assert type(experiment.task.decoder.prefix) is class_of(target)


@pytest.mark.parametrize("option", [words.split("=")[1] for words in choices("decoder")])
def test_one_step_of_a_decoder(option: str, run_folder: RunFolder, tiny_models: dict[str, str]):
    parts = [one.format(**tiny_models) for one in SMALL.get(f"decoder={option}", [])]
    train(["task=captioning", f"decoder@task.decoder={option}", "inputs=[image]", *parts, *SCENES], run_folder)


@pytest.mark.parametrize("place", ["fusion.pool", "task.pool"])
@pytest.mark.parametrize("option", [words.split("=")[1] for words in choices("pool")])
def test_one_step_of_a_pool(option: str, place: str, run_folder: RunFolder):
    train([f"pool@{place}={option}", "inputs=[image,text]", *SCENES], run_folder)


@pytest.mark.parametrize("option", [words.split("=")[1] for words in choices("loss")])
def test_one_step_of_a_loss(option: str, run_folder: RunFolder):
    loss = train([f"loss@task.loss={option}", "task.loss.weights=balanced", *SCENES], run_folder).task.loss
    assert loss.weights is not None and sum(count for _, count in loss.counts) == 8


@pytest.mark.parametrize("kind", [words.split("=")[1] for words in choices("masking")])
def test_one_step_of_a_masking(kind: str, run_folder: RunFolder, manifest: Path):
    data = ["dataset=manifest", f"dataset.root={manifest}"] if kind == "vector" else SCENES
    words = ["task=pretraining", "task.probe=null", f"inputs=[{kind}]", "fusion=none"]
    assert train([*words, *data], run_folder).task.reads == (kind,)


@pytest.mark.parametrize("words", choices("dataset"))
def test_one_step_on_a_dataset(words: str, run_folder: RunFolder, manifest: Path):
    extra = {
        "dataset=scenes": SCENES,
        "dataset=manifest": [f"dataset.root={manifest}"],
        "dataset=triples": [f"dataset.root={manifest}", "dataset.manifest=triples.jsonl", "task=link_prediction"],
        "dataset=ratings": [f"dataset.root={manifest}", "task=recommendation"],
    }.get(words, [])
    experiment = train([words, *extra], run_folder)
    offered = {"dataset=scenes": ["image", "audio", "text"], "dataset=manifest": ["image", "audio", "text", "vector"]}
    assert list(experiment.data.inputs) == offered.get(words, list(experiment.data.dataset.inputs))


@pytest.mark.parametrize("words", choices("hardware"))
def test_one_step_on_hardware(words: str, run_folder: RunFolder):
    hardware = instantiate("hardware", compose([words]).plain()["hardware"])
    if hardware.accelerator == "gpu" and torch.cuda.device_count() < hardware.devices:
        pytest.skip(f"needs {hardware.devices} GPU, here are {torch.cuda.device_count()}")
    if hardware.devices > 1:
        pytest.skip("needs a process per device")
    train([words, *SCENES], run_folder)


@pytest.mark.slow  # that it trains at all is shown on made-up data, by test_experiments.py
@pytest.mark.parametrize("path", EXPERIMENTS, ids=choice)
def test_one_step_of_an_experiment_on_its_real_data(path: Path, run_folder: RunFolder, tmp_path: Path):
    dataset = compose([choice(path)]).plain()["dataset"]
    if not issubclass(class_of(dataset["_target_"]), Manifest):
        pytest.skip("its data is made up, or no single table")
    manifest = dataset.get("manifest", "manifest.jsonl")
    if (maker := ROOT / f"scripts/tools/make_{path.stem}.py").exists():
        subprocess.run([sys.executable, maker, tmp_path / "whole"], check=True, capture_output=True)
    root = tmp_path / "whole" if maker.exists() else find_root(manifest, path)
    if root is None:
        pytest.skip(f"its data is not there: no {manifest} in a folder of ../shared/data that is named like it")
    crop(root / manifest, root.parent, tmp_path / "cropped")
    experiment = train([choice(path), f"dataset.root={tmp_path / 'cropped' / root.name}"], run_folder)
    assert experiment.data.per_epoch == 1


def find_root(manifest: str, path: Path) -> Path | None:
    """The data whose folder the experiment names, or is named like."""
    roots = {(root / manifest).parent.name: root for root in (PACKS, *PACKS.glob("*")) if (root / manifest).is_file()}
    named = [name for name in sorted(roots) if name in path.read_text(encoding="utf-8")]
    near = named or get_close_matches(path.stem, roots, n=1)
    return roots[near[0]] if near else None


def crop(table: Path, root: Path, copy: Path) -> None:
    """Copy some rows of a manifest, drawn with a fixed seed, and the files that they name."""
    rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    rows = random.Random(0).sample(rows, min(ROWS, len(rows)))
    target = copy / table.relative_to(root)
    target.parent.mkdir(parents=True)
    target.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for name in {value for row in rows for value in row.values() if isinstance(value, str)}:
        if "/" in name and (table.parent / name).is_file():
            place = Path(os.path.normpath(target.parent / name))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(table.parent / name, place)
