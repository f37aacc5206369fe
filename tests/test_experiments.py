"""Every experiment of conf/experiment trains a step, validates and is tested, on a tiny pack made here."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

import mmexp
from mmexp.config.compose import compose
from mmexp.dataset.interactions import Interactions
from mmexp.dataset.manifest import Manifest
from mmexp.dataset.ratings import Ratings
from mmexp.dataset.scenes import Scenes
from mmexp.dataset.triples import Triples
from mmexp.run.metrics import read_metrics

CONF = Path(__file__).resolve().parents[1] / "conf"
EXPERIMENTS = sorted(path.stem for path in CONF.glob("experiment/*.yaml"))
SPLITS = {"train": 12, "val": 6, "test": 6}
SPEAKERS = {"train": ("nicolas", "theo"), "val": ("george",), "test": ("jackson",)}
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
STEP = ["training.epochs=1", "training.validate_every=1", "training.batch_size=12", "dim=16", "hardware=cpu"]
WITHOUT_WEIGHTS = {
    "frozen_encoders": [
        "encoder.text.model={text}",
        "encoder.image.weights=null",
        "encoder.image.transform.image_size=32",
    ]
}
"""What an experiment takes in place of weights that a package brings."""


def write_json_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def rows_with_files(folder: Path) -> Iterator[dict[str, Any]]:
    """A row per drawn scene, with a column for whatever an experiment may read."""
    world = Scenes(sizes=list(SPLITS.values()), image_size=32, cache=None)
    for split in SPLITS:
        for number, sample in enumerate(world.split(split)):
            shown, asked = sample.inputs, sample.targets
            image, mask, sound = (folder / f"{sample.id}{suffix}" for suffix in (".png", "-mask.png", ".wav"))
            Image.fromarray(shown["image"]).save(image)
            Image.fromarray(asked["mask"]).save(mask)
            soundfile.write(sound, shown["audio"].samples, shown["audio"].rate)
            left, right = np.hsplit(shown["image"][::8, ::4].mean(2) / 255, 2)  # [4, 4] each
            speakers = SPEAKERS[split]
            yield {
                "id": sample.id,
                "split": split,
                "image": image.name,
                "mask": mask.name,
                "audio": sound.name,
                "text": DIGITS[number % len(DIGITS)],
                "title": asked["captions"][0],
                "captions": asked["captions"],
                "question": shown["question"],
                "answer": asked["answer"],
                "tokens": shown["words"],
                "tags": asked["tags"],
                "objects": asked["objects"],
                "left": left.ravel().tolist(),
                "right": right.ravel().tolist(),
                "label": number % 3,
                "season": ("Spring", "Fall")[number % 2],
                "emotion": ("anger", "boredom")[number % 2],
                "speaker": speakers[number % len(speakers)],
            }


@dataclass(frozen=True)
class Pack:
    """A folder with the files of all rows, and whatever tables are asked for.

    Args:
        root: The folder.
        rows: With paths relative to it.
    """

    root: Path
    rows: list[dict[str, Any]]

    def write_table(self, node: Mapping[str, Any]) -> None:
        table = self.root / node.get("manifest", "manifest.jsonl")
        above = os.path.relpath(self.root, table.parent)
        paths = ("image", "mask", "audio")
        write_json_lines(table, [row | {name: f"{above}/{row[name]}" for name in paths} for row in self.rows])

    def write_triples(self, node: Mapping[str, Any]) -> None:
        asked = [(head, relation) for relation in ("above", "below") for head in range(12)]
        facts = [{"head": f"e{head}", "relation": name, "tail": f"e{(head + 1) % 12}"} for head, name in asked]
        splits = [row["split"] for row in self.rows]
        table = [fact | {"split": split} for fact, split in zip(facts, splits, strict=True)]
        write_json_lines(self.root / node.get("manifest", "manifest.jsonl"), table)

    def write_ratings(self, node: Mapping[str, Any]) -> None:
        images = [row["image"] for row in self.rows[:8]]
        films = [{"title": f"film {i}", "genres": [f"g{i % 3}"], "image": image} for i, image in enumerate(images)]
        write_json_lines(self.root / node["items"], [{"item_id": i, **film} for i, film in enumerate(films)])
        write_json_lines(self.root / node["users"], [{"user_id": i, "age": 20 + i} for i in range(6)])
        taken = [f"{user},{(user + time) % 8},5,{time}" for user in range(6) for time in range(5)]
        (self.root / "ratings.csv").write_text("\n".join(["user_id,item_id,rating,timestamp", *taken]))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("pack")
    return Pack(folder, list(rows_with_files(folder)))


WRITERS: dict[type, Callable[[Pack, Mapping[str, Any]], None]] = {
    Manifest: Pack.write_table,
    Triples: Pack.write_triples,
    Ratings: Pack.write_ratings,
}
BUILT_IN: dict[type, list[str]] = {
    Scenes: ["dataset.sizes=[12,6,6]", "dataset.image_size=32", "dataset.cache=null"],
    Interactions: ["dataset.sizes=[12,6,6]"],
}


def data(node: Mapping[str, Any], pack: Pack) -> list[str]:
    """Make the data that a dataset's node asks for, and return the overrides that lead to it."""
    module, _, name = node["_target_"].rpartition(".")
    kind = getattr(import_module(module), name)
    if kind in BUILT_IN:
        return BUILT_IN[kind]
    WRITERS[kind](pack, node)
    return [f"dataset.root={pack.root}"]


def test_there_are_experiments():
    assert len(EXPERIMENTS) > 20


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_trains_validates_and_is_tested(
    name: str, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_bert: str
):
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    node = compose([f"experiment={name}"]).plain()["dataset"]
    light = [word.format(text=tiny_bert) for word in WITHOUT_WEIGHTS.get(name, ())]
    run = mmexp.train(f"experiment={name}", *STEP, *light, *data(node, pack), f"outputs={tmp_path}", quiet=True)
    assert run.status == "done" and run.folder.name == name
    steps = [row for row in read_metrics(run.folder.metrics) if "train/loss" in row]
    assert steps and steps[-1]["step"] >= 1
    for split in ("val", "test"):
        loss = run.metrics[f"{split}/loss"]
        assert loss is not None and np.isfinite(loss) and run.predictions(split)
