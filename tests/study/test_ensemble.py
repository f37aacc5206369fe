from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmexp.error import ConfigError, DataError
from mmexp.run.folder import RunFolder
from mmexp.study.ensemble import Member, fit_weights, labels, make_ensemble, quality, read_member, refuse_other
from mmexp.task.classification import Classification

Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory, make_lab: Callable[[Path], Any]) -> list[Member]:
    """A run of the image alone and one of the text alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)
        lab = make_lab(tmp_path_factory.mktemp("ensemble") / "outputs")
        runs = [lab.train(f"inputs=[{name}]", "fusion=none", "training.epochs=1") for name in ("image", "text")]
    return [read_member(run) for run in runs]


@pytest.fixture
def copied(members: list[Member], tmp_path: Path) -> RunFolder:
    """The first run, free to be changed."""
    folder = members[0].run.folder
    return RunFolder(Path(shutil.copytree(folder.path, tmp_path / "outputs/x" / folder.id)))


def changed(member: Member, split: str, change: Callable[[Row], Row]) -> Member:
    rows = {name: change(one) for name, one in member.predictions[split].items()}
    return replace(member, predictions={**member.predictions, split: rows})


def test_each_run_is_measured_as_it_was_when_it_was_trained(members):
    for member, found in zip(members, make_ensemble(members).metrics_apart(), strict=True):
        assert {"val/accuracy", "test/f1", "test/auroc", "test/ece"} <= found.keys()
        assert found == pytest.approx({key: member.run.metrics[key] for key in found}, abs=1e-6)


@pytest.mark.parametrize(("given", "weights"), [(None, (0.5, 0.5)), ([3, 1], (0.75, 0.25))])
def test_probabilities_are_averaged_by_the_weights(members, given, weights):
    made, right = make_ensemble(members, given), []
    assert made.weights == weights
    image, text = (one.predictions["test"] for one in members)
    for name, one in image.items():
        mixed = {c: weights[0] * p + weights[1] * text[name]["scores"][c] for c, p in one["scores"].items()}
        right.append(max(mixed, key=mixed.__getitem__) == one["target"])
    assert made.metrics()["test/accuracy"] == pytest.approx(sum(right) / len(right))


def test_a_sample_counts_by_its_id_and_not_by_its_place(members):
    turned = dict(reversed(members[1].predictions["test"].items()))
    other = replace(members[1], predictions={**members[1].predictions, "test": turned})
    assert make_ensemble([members[0], other]).metrics() == make_ensemble(members).metrics()


def test_labels_of_several_classes_are_averaged_too(members):
    task = Classification(pool=torch.nn.Identity(), dim=4, classes=list("rgb"), target="label", form="multilabel")

    def several(row: Row) -> Row:
        return {"scores": {c: float(c == row["target"]) for c in "rgb"}, "target": [row["target"]]}

    right = [changed(changed(replace(one, task=task), "val", several), "test", several) for one in members]
    wrong = changed(right[1], "val", lambda row: {**row, "scores": {c: 1 - p for c, p in row["scores"].items()}})
    made = make_ensemble([wrong, right[0]], fit=True)
    assert made.weights == (0, 1) and made.metrics()["val/accuracy"] == 1


def test_fitted_weights_are_those_of_the_best_average_on_val(members):
    names = [*members[0].predictions["val"]]

    def knowing(member: Member, known: set[str], rest: float) -> Member:
        """A run that is right on some samples, and sure of a wrong class by so much on the others."""
        rows = {}
        for name, row in member.predictions["val"].items():
            right = "rgb".index(row["target"])
            chosen, chance = (right, 0.9) if name in known else ((right + 1) % 3, rest)
            others = (1 - chance) / 2
            rows[name] = {**row, "scores": {c: chance if i == chosen else others for i, c in enumerate("rgb")}}
        return replace(member, predictions={**member.predictions, "val": rows})

    half = [knowing(members[0], {*names[:3]}, 0.4), knowing(members[1], {*names[3:]}, 0.4)]
    made = make_ensemble(half, fit=True)
    assert made.weights == (0.5, 0.5) and made.metrics()["val/accuracy"] == 1
    blind = knowing(members[1], set(), 0.9)
    assert make_ensemble([blind, half[0]], fit=True).weights == (0, 1)


def test_of_equal_accuracy_the_more_probable_labels_are_better(members):
    task, batch = members[0].task, labels(members[0], "val")
    truth = torch.nn.functional.one_hot(batch.targets["label"].values.values, 3)
    sure, unsure = (quality(task, truth * p + (1 - truth) * (1 - p) / 2, batch) for p in (0.9, 0.5))
    assert sure[0] == unsure[0] == 1 and sure[1] > unsure[1] == pytest.approx(math.log(0.5))


def test_weights_are_not_fitted_without_labels(members):
    with pytest.raises(ConfigError, match="val must have labels to fit weights on, got none"):
        fit_weights([changed(one, "val", lambda row: {**row, "target": None}) for one in members])


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], [1, float("inf")], [1, float("nan")]])
def test_weights_that_do_not_fit_are_refused(members, weights):
    given = ",".join(map(str, weights))
    with pytest.raises(ConfigError, match=rf"--weights must be 2 of 0 or more, not all 0, got {given}\."):
        make_ensemble(members, weights)


def test_one_run_is_no_ensemble(members):
    with pytest.raises(ConfigError, match="RUN must be two runs or more, got 1"):
        make_ensemble(members[:1])


def test_runs_of_other_data_or_classes_are_refused(members):
    other = replace(members[1], run=replace(members[1].run, fingerprint="0123456789"))
    with pytest.raises(
        ConfigError, match=f"data of all runs must be one, got .* and 01234567 of .*{other.run.folder.id}"
    ):
        make_ensemble([members[0], other])
    task = Classification(pool=torch.nn.Identity(), dim=4, classes=["r", "g"], target="label")
    with pytest.raises(ConfigError, match=r"classes of all runs must be one, got .* and \['r', 'g'\]"):
        refuse_other(members[0], replace(members[1], task=task))


def test_runs_that_predicted_other_samples_are_refused(members):
    name, *_ = members[0].predictions["test"]
    kept = {i: row for i, row in members[0].predictions["test"].items() if i != name}
    one = replace(members[0], predictions={**members[0].predictions, "test": kept})
    ids = [member.run.folder.id for member in members]
    rule = "samples of test must be the same in all runs"
    with pytest.raises(ConfigError, match=f"{rule}, got '{name}' in {ids[1]} but not in {ids[0]}"):
        refuse_other(one, members[1])


def test_predictions_that_list_the_best_classes_alone_are_refused(copied):
    path = copied.predictions("val")
    rows = [{**json.loads(line), "scores": {"r": 0.5}} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ConfigError, match="must hold the scores of all 3 classes, got 1 of") as caught:
        read_member(copied)
    assert "task.listed=3" in caught.value.hint


def test_predictions_that_are_gone_are_said_with_how_to_have_them_again(copied):
    copied.predictions("val").unlink()
    with pytest.raises(DataError, match="must be those of a classification, got FileNotFoundError") as caught:
        read_member(copied)
    assert "mmexp train" in caught.value.hint


def test_a_run_that_is_not_done_is_refused(copied):
    known = json.loads(copied.summary.read_text())
    copied.summary.write_text(json.dumps({**known, "status": "failed"}))
    copied.manifest.write_text(copied.manifest.read_text().replace('"done"', '"failed"'))
    with pytest.raises(ConfigError, match=f"RUN must be done, got failed of {copied.id}") as caught:
        read_member(copied)
    assert "resume=" in caught.value.hint


def test_a_task_without_classes_is_refused(copied, monkeypatch):
    monkeypatch.setattr("mmexp.study.ensemble.instantiate", lambda *_, **__: torch.nn.Identity())
    with pytest.raises(ConfigError, match=f"task must be one that scores classes, got classification of {copied.id}"):
        read_member(copied)
