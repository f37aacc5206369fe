from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mmexp.config.compose import compose, load_config, stored
from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.contract import Batch, Outputs, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion
from mmexp.fusion.concat import ConcatFusion
from mmexp.loss.cross_entropy import CrossEntropyLoss
from mmexp.pool.mean import MeanPool
from mmexp.task.base import Task
from mmexp.task.classification import Classification
from mmexp.task.multitask import MultiTask, equal
from mmexp.task.regression import Regression
from mmexp.task.retrieval import Retrieval
from mmexp.task.segmentation import Segmentation
from mmexp.task.tagging import Tagging
from mmexp.transform.captions import CaptionsTransform
from mmexp.transform.text import TextTransform

ROOT = Path(__file__).resolve().parents[2]
FUSIONS = sorted(path.stem for path in (ROOT / "conf/fusion").glob("*.yaml") if path.stem != "none")
DIM, KINDS, COLOURS = 8, ["cat", "dog"], ["blue", "green", "red"]
NAMES = ("image", "text")


def classify(target: str, classes: list[str], **options: object) -> Classification:
    return Classification(**{"pool": MeanPool(), "dim": DIM, "classes": classes, "target": target, **options})


def regress() -> Regression:
    return Regression(pool=MeanPool(), dim=DIM, target="score", mean=0.0, std=1.0)


def make(**options: object) -> MultiTask:
    torch.manual_seed(0)
    tasks = {"kind": classify("kind", KINDS), "colour": classify("colour", COLOURS)}
    return MultiTask(**{"tasks": tasks, **options})


def fusion(*names: str) -> ConcatFusion:
    torch.manual_seed(1)
    return ConcatFusion(dim=DIM, modalities=names or NAMES, pool=MeanPool())


def tokens(rows: int) -> dict[str, Tokens]:
    torch.manual_seed(2)
    mask = torch.ones(rows, 4, dtype=torch.bool)
    return {name: Tokens(torch.randn(rows, 4, DIM, requires_grad=True), mask) for name in NAMES}


def batch(task: Task, **targets: list[object]) -> Batch:
    transforms = task.transforms()
    rows = {
        name: [None if value is None else transforms[name].prepare(value) for value in own]
        for name, own in targets.items()
    }
    size = len(next(iter(targets.values())))
    found = {name: transforms[name].collate(own) for name, own in rows.items()}
    return Batch({}, found, tuple(f"s{i}" for i in range(size)))


def test_each_task_is_told_and_scored_as_if_it_were_alone():
    task, fused, given = make().eval(), fusion(), tokens(4)
    rows = batch(task, kind=["cat", "dog", "dog", "cat"], colour=["red", "red", "blue", None])
    outputs, metrics = task(given, fused, rows), task.metrics()
    losses, outputs_by_task = task.losses(outputs, rows), task.predictions(outputs, rows)
    task.measure(metrics, outputs, rows)
    values = metrics.compute()
    for name, alone in task.each():
        own, single = alone(given, fused, rows), alone.metrics()
        torch.testing.assert_close(losses[name], sum(alone.losses(own, rows).values()))
        alone.measure(single, own, rows)
        expected = {f"{name}_{key}": value for key, value in single.compute().items()}
        torch.testing.assert_close({key: values[key] for key in expected}, expected, equal_nan=True)
        for row, plain in zip(outputs_by_task, alone.predictions(own, rows), strict=True):
            assert all(row[key if key == "id" else f"{name}_{key}"] == value for key, value in plain.items())
    assert set(losses) == {"kind", "colour"} and {name.partition("_")[0] for name in values} == {"kind", "colour"}
    json.dumps(outputs_by_task)


def test_a_sample_without_the_target_of_one_task_counts_for_the_others_alone():
    task, fused, given = make().eval(), fusion(), tokens(4)
    whole = batch(task, kind=["cat", "dog", "dog", "cat"], colour=["red", None, None, "blue"])
    half = {name: Tokens(own.features[[0, 3]], own.mask[[0, 3]]) for name, own in given.items()}
    some = batch(task, kind=["cat", "cat"], colour=["red", "blue"])
    losses, fewer = task.losses(task(given, fused, whole), whole), task.losses(task(half, fused, some), some)
    torch.testing.assert_close(losses["colour"], fewer["colour"])
    assert not torch.isclose(losses["kind"], fewer["kind"])
    none = batch(task, kind=["cat", "dog", "dog", "cat"])
    assert task.losses(task(given, fused, none), none)["colour"] == 0


def test_one_of_them_chooses_the_checkpoint():
    tasks = {"kind": classify("kind", KINDS), "much": regress()}
    assert (make(tasks=tasks).monitor, make(tasks=tasks).mode) == ("kind_accuracy", "max")
    chosen = make(tasks=tasks, monitor="much")
    assert (chosen.monitor, chosen.mode) == ("much_mae", "min")
    assert chosen.targets == ("kind", "score") and chosen.inputs is None


def test_weights_count_and_tasks_that_are_not_named_count_once():
    rows = batch(make(), kind=["cat", "dog"], colour=["red", "blue"])
    plain, heavy = (
        task.losses(task(tokens(2), fusion(), rows), rows) for task in (make().eval(), make(weights={"kind": 4}).eval())
    )
    torch.testing.assert_close(heavy["kind"], 4 * plain["kind"])
    torch.testing.assert_close(heavy["colour"], plain["colour"])


@pytest.mark.parametrize("balance", ["fixed", "uncertainty", "gradnorm"])
def test_both_are_learned_whatever_balances_them(balance):
    task, fused, given = make(balance=balance).train(), fusion(), tokens(6)
    rows = batch(task, kind=KINDS * 3, colour=COLOURS * 2)
    layer = nn.Linear(DIM, DIM)
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters(), *layer.parameters()], lr=1e-2)
    for _ in range(80):
        shared = {name: Tokens(layer(own.features), own.mask) for name, own in given.items()}
        optimizer.zero_grad()
        torch.stack(list(task.losses(task(shared, fused, rows), rows).values())).sum().backward()
        optimizer.step()
    metrics = task.eval().metrics()
    task.measure(metrics, task(shared, fused, rows), rows)
    values = metrics.compute()
    assert values["kind_accuracy"] == values["colour_accuracy"] == 1


def test_inputs_are_those_that_any_of_them_must_be_given():
    search = Retrieval(query=["text"], candidates=["image"], pool=MeanPool(), dim=DIM)
    task = make(tasks={"search": search, "kind": classify("kind", KINDS)})
    assert task.inputs == ("text", "image") and task.targets == ("kind",) and task.anchor is None
    assert task.slots(("text", "image")) == ("text", "image")
    assert task.paired and not make(tasks={"kind": classify("kind", KINDS)}).paired


def mask_of(size: int = 8) -> Segmentation:
    return Segmentation(dim=DIM, classes=KINDS, target="mask", mask_size=size)


def test_the_first_slot_is_the_one_anchors_or_is_shared_by_several():
    kind, mask, tags = classify("kind", KINDS), mask_of(), Tagging(dim=DIM, classes=["O", "B-x"])
    assert make(tasks={"kind": kind, "mask": mask}).slots(("text", "image")) == ("image", "text")
    both = make(tasks={"mask": mask, "tags": tags})
    assert both.slots(("words", "image")) == ("anchor", "words", "image") and both.anchor == "image"
    with pytest.raises(ConfigError, match="Tagging: inputs must include words, got image"):
        both.slots(("image",))


@cache
def node(name: str) -> dict[str, object]:
    root = compose([f"fusion={name}", f"dim={DIM}"]).plain()
    return Facts({"modalities": ["anchor", *NAMES]}).bind(root, "fusion")


class Onto(Task):
    """Anchors one modality on the others."""

    targets, monitor, mode = (), "x", "max"

    def __init__(self, anchor: str) -> None:
        super().__init__()
        self.anchor = anchor

    def transforms(self) -> dict[str, object]:
        return {}

    def forward(self, tokens: dict[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        return {"own": fusion.onto(tokens[self.anchor], {n: t for n, t in tokens.items() if n != self.anchor})}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        return {"x": outputs["own"].pool().square().sum()}

    metrics = measure = predictions = None


@pytest.mark.parametrize("name", FUSIONS)
def test_every_fusion_serves_several_anchors_and_the_joint_form_at_once(name):
    fused = instantiate("fusion", node(name)).eval()
    task = make(tasks={"seen": Onto("image"), "read": Onto("text"), "kind": classify("kind", KINDS)}).eval()
    given, rows = tokens(2), batch(classify("kind", KINDS), kind=["cat", "dog"])
    for other in ("image", "text"):
        losses = task.losses(task(given, fused, rows), rows)
        moved = {**given, other: Tokens(given[other].features.roll(1, 0), given[other].mask)}
        changed = task.losses(task(moved, fused, rows), rows)
        assert all((losses[key] - changed[key]).abs() > 1e-7 for key in losses), other
    torch.stack(list(losses.values())).sum().backward()
    assert all(own.features.grad.isfinite().all() for own in given.values())


class Hiding(Onto):
    """Shows something else than there is."""

    def shown(self, batch: Batch) -> Batch:
        return batch


def test_a_task_that_hides_what_others_see_is_refused():
    with pytest.raises(ValueError, match="tasks must show samples as they are, got Hiding as seen"):
        make(tasks={"kind": classify("kind", KINDS), "seen": Hiding("image")})


def test_pictures_of_all_tasks_are_drawn_from_their_own_answers():
    kind = {"kind_label": "cat", "kind_score": 0.6, "kind_target": "cat"}
    rows = [{"id": f"s{i}", **kind, "much_prediction": 1.0, "much_target": i} for i in range(4)]
    task = make(tasks={"kind": classify("kind", KINDS), "much": regress()})
    assert set(task.plots(rows, [])) == {"kind_classes", "kind_confusion", "kind_reliability", "much_scatter"}


def test_two_tasks_read_a_target_together_only_if_they_read_it_alike(tokenizer):
    same = {"a": classify("kind", KINDS), "b": classify("kind", list(KINDS), dropout=0.5)}
    assert set(make(tasks=same).transforms()) == {"kind"}
    with pytest.raises(ValueError, match="tasks must read a target in one way, got kind in different ways by a and b"):
        make(tasks={**same, "b": classify("kind", COLOURS)})
    with pytest.raises(ValueError, match="got kind in different ways by a and b"):
        make(tasks={**same, "b": classify("kind", KINDS, form="multilabel")})
    read = [CaptionsTransform(text=TextTransform(tokenizer=tokenizer, max_length=size)) for size in (8, 8, 9)]
    read[0].prepare(["a red ball"])
    assert equal(*read[:2]) and not equal(*read[1:])
    assert equal(torch.ones(2), torch.ones(2)) and not equal([torch.ones(2)], [torch.zeros(2)])


@pytest.mark.parametrize("name", ["train", "loss", "a b", "type", ""])
def test_a_name_that_is_taken_is_refused(name):
    with pytest.raises(ValueError, match=rf"tasks must have names that are words and free, got '{name}'"):
        make(tasks={name: classify("kind", KINDS)})


def test_names_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="names of which none begins another, got kind, kind_two"):
        make(tasks={"kind": classify("kind", KINDS), "kind_two": classify("kind", KINDS)})


def test_what_names_no_task_is_refused():
    with pytest.raises(ValueError, match="tasks must be at least one, got none"):
        make(tasks={})
    with pytest.raises(TypeError, match="tasks must be tasks, got dict as kind"):
        make(tasks={"kind": {"target": "kind"}})
    with pytest.raises(ValueError, match="weights must be of kind, colour, got 'shape'"):
        make(weights={"shape": 1})
    with pytest.raises(ValueError, match="monitor must be one of kind, colour, got 'kind_f1'"):
        make(monitor="kind_f1")


def test_tasks_are_added_exchanged_and_taken_out_on_the_command_line(tmp_path):
    words = ["task=multitask", "dim=16", "+task@task.tasks.mask=segmentation", "~task@task.tasks.caption"]
    config = compose([*words, "task.tasks.label.target=same_colour", "pool@task.tasks.label.pool=max"])
    tasks = config.plain()["task"]["tasks"]
    assert list(tasks) == ["label", "mask"] and tasks["label"]["pool"]["_target_"] == "mmexp.pool.max.MaxPool"
    counts = {"counts": [[name, 3] for name in KINDS]}
    facts = Facts({"classes": {"same_colour": KINDS, "mask": KINDS}, "same_colour": counts})
    built = instantiate("task", facts.bind(config.plain(), "task"))
    assert built.targets == ("same_colour", "mask") and built.monitor == "label_accuracy"
    other = compose(["task=multitask", "task@task.tasks.label=regression"]).plain()["task"]["tasks"]["label"]
    assert other["mean"] == "${facts:score.mean}"
    with pytest.raises(ConfigError, match=r"Use \+task@task.tasks.mask=segmentation to add it"):
        compose(["task=multitask", "task@task.tasks.mask=segmentation"])
    (tmp_path / "config.yaml").write_text(stored(config))
    again = load_config(tmp_path, ["dim=32"])
    assert list(again.plain()["task"]["tasks"]) == ["label", "mask"]
    assert again.plain()["task"]["tasks"]["mask"]["dim"] == 32


def test_notes_are_those_of_the_tasks_with_their_names():
    loss = CrossEntropyLoss(weights="balanced", counts=[("cat", 3), ("dog", 1)])
    task = MultiTask(tasks={"kind": classify("kind", KINDS, loss=loss), "colour": classify("colour", COLOURS)})
    assert task.notes() == ["kind: train: classes are weighed by the inverse of their labels: cat 3, dog 1."]


def test_each_task_is_given_the_inputs(monkeypatch):
    task, asked = make(), []
    monkeypatch.setattr(Classification, "prepare", lambda self, *inputs: asked.append((self, inputs)), raising=False)
    task.prepare({"image": "image"}, {})
    assert asked == [(own, ({"image": "image"}, {})) for own in task.tasks.values()]
