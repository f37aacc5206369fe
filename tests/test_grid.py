"""Every task with every fusion: whole models, on the built-in world."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from rich.console import Console
from torch import Tensor

from mmexp.config.compose import compose
from mmexp.contract import Batch, Padded, Waveform
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics
from mmexp.training.experiment import Experiment, build, load_data
from mmexp.training.trainer import fit
from mmexp.transform.text import SPECIALS

CONF = Path(__file__).resolve().parents[1] / "conf"
TASKS, FUSIONS = (sorted(path.stem for path in CONF.glob(f"{group}/*.yaml")) for group in ("task", "fusion"))
COMMON = ("none", "concat", "attention")
"""What is true of a task with these is held to be true with any; ``tests/fusion/test_base.py`` holds all to it."""
INPUTS = {"captioning": "[image,audio]"}
"""Where the built-in world offers an image alone, so that nothing would have to be padded."""
ROWS = (0, 1, 2)
STEPS = ["training.epochs=1", "training.batch_size=8", "training.log_every=1", "dim=16", "hardware=cpu"]
SCENES = ["dataset.sizes=[16,5,4]", "dataset.image_size=32", "dataset.cache=null"]
NARROW = ["encoder.image.widths=[8,8,8]", "encoder.audio.widths=[8,8,8]"]
SHORT = {
    "captioning": ["task.decoder.max_length=16"],
    "dialogue": ["task.decoder.max_length=16"],
    "image_generation": ["task.steps=2"],
    "multitask": ["task.tasks.caption.decoder.max_length=16"],
    "transcription": ["task.decoder.max_length=16"],
}
"""What keeps a task from generating for long."""

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec")  # of Lightning's own making
BY_SPEED = [pytest.param(fusion, marks=[] if fusion in COMMON else pytest.mark.slow) for fusion in FUSIONS]


def common(test: Callable[..., None]) -> Callable[..., None]:
    """Parametrize a test with every task and fusion; those beyond COMMON are slow."""
    return pytest.mark.parametrize("fusion", BY_SPEED)(pytest.mark.parametrize("task", TASKS)(test))


def class_of(task: str) -> Any:
    module, _, name = OmegaConf.load(CONF / f"task/{task}.yaml")._target_.rpartition(".")
    return getattr(import_module(module), name)


WRITING = [task for task in TASKS if class_of(task).anchor == "prefix"]


@cache
def composed(*words: str) -> dict[str, Any]:
    """A config, composed once for all tests: the node of a fusion is the same whatever the task."""
    return compose([*STEPS, *SCENES, *NARROW, *words]).plain()


@dataclass(frozen=True)
class Lab:
    """An experiment with the samples it is tried on.

    Args:
        experiment: One task with one fusion.
        folder: Of the run.
        batches: Those that were made, of the same task and inputs.
    """

    experiment: Experiment
    folder: RunFolder
    batches: dict[tuple[int, ...], Batch] = field(default_factory=dict)

    @property
    def model(self) -> Any:
        return self.experiment.module.model

    def batch(self, *rows: int, without: dict[int, str] | None = None) -> Batch:
        """Rows of the training split as evaluation sees them, some without a modality."""
        if without is None and rows in self.batches:
            return self.batches[rows]
        data = self.experiment.data
        split = data.evaluation("train").dataset
        samples = [split.prepare(row) for row in rows]
        for row, modality in (without or {}).items():
            kept = {name: value for name, value in samples[row].inputs.items() if name != modality}
            samples[row] = replace(samples[row], inputs=kept)
        batch: Batch = split.collate(samples)
        return batch if without is not None else self.batches.setdefault(rows, batch)

    def loss(self, batch: Batch, training: bool = False) -> Tensor:
        losses = self.model.task.losses(self.model.train(training)(batch), batch)
        return torch.stack(list(losses.values())).sum()

    @torch.no_grad()
    def answers(self, batch: Batch) -> list[dict[str, Any]]:
        return self.model.task.predictions(self.model.eval()(batch), batch)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Lab]:
    """A task with some fusion: data, facts and batches are the same with any."""

    @cache
    def make(task: str, inputs: str) -> Lab:
        root = deepcopy(composed(f"task={task}", f"inputs={inputs}", *SHORT.get(task, [])))
        if inputs == "[image]":
            root["fusion"] = deepcopy(composed("fusion=none"))["fusion"]
        folder = RunFolder.create(tmp_path_factory.mktemp(task), "x")
        return Lab(build(root, load_data(root), folder), folder)

    return make


@pytest.fixture
def lab(first: Callable[[str, str], Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lab]:
    monkeypatch.setattr("os.fsync", lambda handle: None)

    def make(task: str, fusion: str, inputs: str, seed: int) -> Lab:
        known = first(task, inputs)
        choices = {"fusion": composed(f"fusion={fusion}")["fusion"], "seed": seed}
        root = deepcopy({**known.experiment.config, **choices})
        folder = RunFolder.create(tmp_path, "x")
        for path in (known.folder.facts, known.folder.tokenizer, *known.folder.path.glob("*.jsonl")):
            shutil.copy(path, folder.path)
        return Lab(build(root, known.experiment.data.dataset, folder), folder, known.batches)

    def make_or_skip(task: str, fusion: str, seed: int = 0) -> Lab:
        if fusion != "none":
            return make(task, fusion, INPUTS.get(task, "null"), seed)
        try:
            return make(task, fusion, "[image]", seed)
        except ConfigError as error:
            rules = "modalities must be one|inputs must include|must be read from other columns"
            assert re.search(rules, str(error))
            with pytest.raises(ConfigError, match=r"NoFusion: modalities must be one, got \w+, \w+") as refused:
                make(task, fusion, "null", seed)
            pytest.skip(f"{task}: {refused.value}")

    return make_or_skip


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("task", TASKS)
def test_two_steps_and_a_prediction(lab, task, fusion):
    one = lab(task, fusion)
    optimizer = torch.optim.AdamW(one.model.parameters(), fused=True)
    for rows in (range(4), range(4, 8)):
        loss = one.experiment.module.train().training_step(one.batch(*rows), 0)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert loss.isfinite()
    batch = one.batch(*ROWS)
    answers = one.answers(batch)
    assert [row["id"] for row in answers] == list(batch.ids)
    json.dumps(answers, allow_nan=False, default=listed)


@common
def test_a_run_of_two_steps_is_evaluated_and_predicts_every_sample_once(lab, monkeypatch, task, fusion):
    if fusion != "concat":  # no plot depends on the fusion
        monkeypatch.setattr("mmexp.training.trainer.draw", lambda *_: None)
    one = lab(task, fusion)
    own = one.experiment.task
    assert own.targets or own.paired, "What has no target learns which inputs belong together; a control parts them."
    result = fit(one.experiment, one.folder, Console(quiet=True))
    losses = [row["train/loss"] for row in read_metrics(one.folder.metrics) if "train/loss" in row]
    assert len(losses) == 2 and all(map(math.isfinite, losses))
    assert result["monitor"] in result["metrics"] and math.isfinite(result["metrics"]["test/loss"])
    assert all(key in result["directions"] or key.endswith("length") for key in result["metrics"])
    for split, size in {"val": 5, "test": 4}.items():
        rows = [json.loads(line) for line in one.folder.predictions(split).read_text().splitlines()]
        assert len({row["id"] for row in rows}) == len(rows) == size


@common
def test_an_answer_depends_neither_on_padding_nor_on_the_rest_of_the_batch(lab, task, fusion):
    one = lab(task, fusion)
    together, alone = one.answers(one.batch(*ROWS)), [one.answers(one.batch(row))[0] for row in ROWS]
    is_padded = any(not own.mask.all() for own in one.batch(*ROWS).inputs.values())
    assert is_padded or fusion == "none" or task == "link_prediction"  # which is given one symbol each
    for row, expected in zip(together, alone, strict=True):
        assert same(row, expected), (row, expected)


@common
def test_an_answer_does_not_need_the_target(lab, task, fusion):
    one = lab(task, fusion)
    batch = one.batch(*ROWS)
    for row, known in zip(one.answers(replace(batch, targets={})), one.answers(batch), strict=True):
        assert len(row) > 1 and same(row, {key: known[key] for key in row})


@common
def test_a_missing_modality_leaves_answers_and_gradients_finite(lab, task, fusion):
    one = lab(task, fusion)
    for gone in one.model.encoders:
        for rows in (ROWS[:1], ROWS):
            batch = one.batch(*ROWS, without=dict.fromkeys(rows, gone))
            json.dumps(one.answers(batch), allow_nan=False, default=listed)
            one.model.zero_grad()
            one.loss(batch, training=True).backward()
            assert all(p.grad is None or p.grad.isfinite().all() for p in one.model.parameters())


@common
def test_every_input_reaches_the_loss(lab, task, fusion):
    one = lab(task, fusion)
    batch = one.batch(*ROWS)
    for name, own in batch.inputs.items():
        others = Padded(own.values[:1].expand_as(own.values), own.mask[:1].expand_as(own.mask))
        moved = one.loss(replace(batch, inputs={**batch.inputs, name: others})) - one.loss(batch)
        assert moved.abs() > 1e-7, name
    one.loss(batch, training=True).backward()
    for name, encoder in one.model.encoders.items():
        assert any(p.grad is not None and p.grad.any() for p in encoder.parameters()), name


@common
def test_a_state_dict_carries_everything(lab, task, fusion):
    one, other = lab(task, fusion), lab(task, fusion, seed=1)
    batch = one.batch(*ROWS)
    expected = one.answers(batch)
    assert plain(other.answers(batch)) != plain(expected)
    other.model.load_state_dict(one.model.state_dict())
    assert plain(other.answers(batch)) == plain(expected)


@pytest.mark.parametrize("fusion", BY_SPEED)
@pytest.mark.parametrize("task", WRITING)
def test_a_word_is_told_from_the_words_before_it(lab, task, fusion):
    one = lab(task, fusion)
    batch = one.batch(*ROWS)
    target = one.model.task.targets[0]
    captions = batch.targets[target]
    values, length = captions.ids.values.clone(), int(captions.ids.mask[0, 0].sum())
    place = length // 2
    values[0, 0, place] = next(word for word in range(len(SPECIALS), 99) if word != values[0, 0, place])
    changed = replace(captions, ids=replace(captions.ids, values=values))
    with torch.no_grad():
        before = one.model.eval()(batch)["logits"]  # a row per word of each caption, in order
        after = one.model(replace(batch, targets={target: changed}))["logits"]
    moved = (after - before).abs().amax(1)
    assert moved[place : length - 1].min() > 1e-6
    assert moved[:place].max() < 1e-5 and moved[length - 1 :].max() < 1e-5


def plain(rows: list[dict[str, Any]]) -> str:
    """Predictions in full, to be compared exactly."""
    return json.dumps(rows, default=listed)


def same(row: Any, other: Any) -> bool:
    """Whether two predictions agree, numbers within rounding and pictures but for a few pixels."""
    if isinstance(row, dict):
        return row.keys() == other.keys() and all(same(value, other[key]) for key, value in row.items())
    if isinstance(row, list):
        return len(row) == len(other) and all(map(same, row, other))
    if isinstance(row, Waveform):
        return row.samples.shape == other.samples.shape and np.allclose(row.samples, other.samples, atol=1e-2)
    if isinstance(row, np.ndarray):
        return row.shape == other.shape and bool((row != other).mean() < 0.01)
    return row == pytest.approx(other, rel=1e-3, abs=1e-4) if isinstance(row, float) else row == other


def listed(value: Any) -> Any:
    """A picture or a sound as plain numbers."""
    return (value.samples if isinstance(value, Waveform) else value).tolist()
