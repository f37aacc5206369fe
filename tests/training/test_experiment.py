from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from mmexp.config.compose import compose, load_config, stored
from mmexp.config.facts import Facts
from mmexp.dataset.base import MultimodalDataset
from mmexp.error import DataError
from mmexp.run.checkpoints import sha256_of
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import Experiment, build, load_data, refuse_other_data


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


@pytest.fixture
def made(lab: Any, folder: RunFolder) -> Any:
    def make(*overrides: str) -> Experiment:
        root = compose([*lab.overrides, *overrides]).plain()
        return build(root, load_data(root), folder)

    return make


def names(experiment: Experiment) -> list[str]:
    return list(experiment.module.model.encoders)


def test_what_only_the_data_knows_is_written_into_the_run_folder(made, folder, tiny):
    experiment = made()
    facts = json.loads(folder.facts.read_text())
    assert facts["classes"] == {"label": ["b", "g", "r"]} and facts["sizes"] == {"train": 12, "val": 6, "test": 6}
    assert facts["inputs"] == facts["modalities"] == ["image", "text"] == names(experiment)
    known = {"file": "tokenizer.json", "sha256": sha256_of(folder.tokenizer)}
    assert facts["tokenizer"] == known
    words = {json.loads(line)["text"] for line in (tiny / "manifest.jsonl").read_text().splitlines()[:12]}
    assert facts["vocab_size"] == 4 + len({word for text in words for word in text.split()})
    assert experiment.monitor == "val/accuracy"


def test_a_run_that_knows_its_facts_does_not_ask_the_data_again(made, folder, monkeypatch):
    first = made()
    written = folder.facts.stat().st_mtime_ns, folder.tokenizer.stat().st_mtime_ns
    monkeypatch.setattr("mmexp.training.experiment.gather", lambda *parts: pytest.fail("asked"))
    second = made()
    assert (folder.facts.stat().st_mtime_ns, folder.tokenizer.stat().st_mtime_ns) == written
    assert names(second) == names(first)


def test_the_same_seed_gives_the_same_weights(made):
    one, same, other = (made(f"seed={seed}").module.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("asked", ["[image]", "[text]", "[text,image]"])
def test_only_the_inputs_asked_for_are_encoded_in_their_order(made, asked):
    experiment = made(f"inputs={asked}")
    assert names(experiment) == asked.strip("[]").split(",") == list(experiment.data.inputs)
    assert list(experiment.module.model.fusion.modalities) == names(experiment)


def test_the_schedule_is_made_for_the_steps_of_the_whole_run(made):
    experiment = made("training.accumulate=2", "optimizer.lr=0.5")
    experiment.module.trainer = SimpleNamespace(max_steps=6)
    made_of = experiment.module.configure_optimizers()
    schedule = made_of["lr_scheduler"]["scheduler"]
    assert made_of["lr_scheduler"]["interval"] == "step" and made_of["optimizer"].param_groups[0]["initial_lr"] == 0.5
    rates = []
    for _ in range(6):
        rates.append(made_of["optimizer"].param_groups[0]["lr"])
        made_of["optimizer"].step()
        schedule.step()
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.1


class Offers(MultimodalDataset):
    """A dataset by what it offers."""

    prepare = split = None

    def __init__(self, inputs: str, targets: str, fingerprint: str = "f" * 64) -> None:
        self.inputs = dict(pair.split(":") for pair in inputs.split())
        self.targets = dict(pair.split(":") for pair in targets.split())
        self.print = fingerprint

    def texts(self) -> list[str]:
        return ["a cat", "a dog"]

    def values(self, target: str) -> list[Any]:
        return [["a cat", "a \u201ccat\u201d"], ["a dog"]]

    def describe(self) -> dict[str, Any]:
        return {"classes": {}, "sizes": {"train": 2}}

    def fingerprint(self) -> str:
        return self.print


BOTH = Offers("image:photo text:title", "captions:captions label:label")


@pytest.fixture
def halves(tmp_path: Path) -> list[str]:
    """Overrides for data of a vector, a sequence of vectors and two pictures."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    rows = [
        {"l": [i, 1, 0], "r": [[i, 0]] * (1 + i % 4), "f": "a.png", "b": "a.png", "label": i % 2} for i in range(12)
    ]
    lines = [json.dumps(row | {"split": ("train", "train", "val", "test")[i // 2 % 4]}) for i, row in enumerate(rows)]
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    columns = "dataset.inputs={left: l, right: r, front: f, back: b}"
    return ["dataset=manifest", f"dataset.root={tmp_path}", columns, "dataset.on_leak=warn", "dim=8", "hardware=cpu"]


def test_loading_says_how_many_files_are_checked(halves):
    seen: list[tuple[int, int]] = []
    dataset = load_data(compose(halves).plain(), lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)] and dataset.progress is None


def test_two_modalities_of_one_kind_have_each_their_facts_and_an_encoder(halves, folder):
    root = compose([*halves, "encoder/vector@encoder.right=linear", "encoder.vector.widths=[5]"]).plain()
    experiment = build(root, load_data(root), folder)
    encoders = experiment.module.model.encoders
    assert names(experiment) == ["left", "right", "front", "back"]
    assert [type(encoder).__name__ for encoder in encoders.values()] == [
        "MlpEncoder",
        "LinearEncoder",
        *["CnnEncoder"] * 2,
    ]
    assert encoders["left"].transform.width == 3 and encoders["left"].transform.max_length is None
    assert encoders["right"].transform.width == 2 and encoders["right"].position.shape == (4, 8)
    assert encoders["front"] is not encoders["back"]
    batch = next(iter(experiment.data.train_dataloader()))
    assert batch.inputs["left"].values.shape[1:] == (3,) and batch.inputs["right"].values.shape[2:] == (2,)
    assert experiment.module.model(batch)["logits"].shape == (len(batch), 2)


def test_a_stored_config_builds_the_same_without_the_data(halves, folder):
    typed = ["encoder/vector@encoder.left=linear", "encoder.left.transform.mean=${facts:mean}", "inputs=[left,right]"]
    config = compose([*halves, *typed])
    root = config.plain()
    made = build(root, load_data(root), folder)
    folder.config.write_text(stored(config))
    again = load_config(folder.config)
    assert again.choices["encoder/vector@encoder.left"] == "linear"
    encoders = build(again.plain(), made.data.dataset, folder).module.model.encoders
    assert encoders["left"].transform.mean.tolist() == pytest.approx(made.data.inputs["left"].mean.tolist())
    assert [type(encoder).__name__ for encoder in encoders.values()] == ["LinearEncoder", "MlpEncoder"]
    assert load_config(folder.config, ["dim=4"]).node.encoder.left.dim == 4


def test_a_task_makes_what_depends_on_the_transforms_of_its_inputs(made, tiny_bert):
    own = made("task=pretraining", "task.masking.text.ratio=0.25").task
    assert own.reads == ("image", "text") and dict(own.masked())["text"].ratio == 0.25
    other = made("task=pretraining", "encoder/text=hf", f"encoder.text.model={tiny_bert}").task
    assert other.reads == ("image",)
    assert other.notes() == ["pretraining contrasts image-text and masks image; text not masked"]


def test_other_data_than_a_run_began_with_is_refused(folder):
    refuse_other_data(BOTH, folder)
    Facts.write(folder.path, {"fingerprint": "f" * 64, "sizes": {"train": 2}})
    refuse_other_data(BOTH, folder)
    rule = r"data must be what the run began with, ffffffffffff of {'train': 2}, got aaaaaaaaaaaa of {'train': 2}"
    with pytest.raises(DataError, match=rule) as caught:
        refuse_other_data(Offers("", "", "a" * 64), folder)
    assert caught.value.exit_code == 3 and "start a new run" in caught.value.hint
