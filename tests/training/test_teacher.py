from __future__ import annotations

import shutil

import pytest
import torch

from mmexp.config.compose import compose
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.training.checkpoint import read_weights
from mmexp.training.experiment import build, load_data
from mmexp.training.teacher import teach

STUDENT = ["inputs=[image,text]", "method=distill", "training.epochs=1", "dim=4"]


@pytest.fixture(scope="module")
def shared(make_lab, tmp_path_factory):
    return make_lab(tmp_path_factory.mktemp("teacher"))


@pytest.fixture(scope="module")
def teacher(shared, request) -> RunFolder:
    return shared.train("inputs=[image,text]", "training.epochs=1", "method=ogm_ge")


def built(lab, folder: RunFolder, *words: str):
    root = compose([*lab.overrides, *STUDENT, *words]).plain()
    return build(root, load_data(root), folder)


def test_a_student_learns_from_the_weights_of_its_teacher(lab, teacher, tmp_path):
    folder = RunFolder.create(tmp_path, "student")
    experiment = built(lab, folder, f"method.teacher={teacher.path}")
    teach(experiment, folder)
    model = experiment.method._model
    weights = read_weights(next(teacher.checkpoints.glob("best*.ckpt")))
    assert all(torch.equal(value, weights[f"model.{name}"]) for name, value in model.state_dict().items())
    assert not model.training and not any(weight.requires_grad for weight in model.parameters())
    assert not any(own is theirs for own in experiment.module.parameters() for theirs in model.parameters())


def test_a_run_with_a_teacher_says_its_loss_and_needs_it_no_more_to_predict(lab, teacher, tmp_path):
    from mmexp.inference.predictor import restore
    from mmexp.run.metrics import read_metrics

    copied = shutil.copytree(teacher.path, tmp_path / teacher.id)
    folder = lab.train(*STUDENT, f"method.teacher={copied}", "training.log_every=1")
    assert all("train/distill" in row for row in read_metrics(folder.metrics) if "train/loss" in row)
    shutil.rmtree(copied)
    assert restore(folder).module.model.task.classes == ["b", "g", "r"]


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["inputs=[image]", "fusion=none"], "must have inputs among image, got text"),
        (["encoder.image.transform.image_size=32"], "must have the transform of image that this run has, got another"),
        (["tokenizer.vocab_size=6"], "must have the tokenizer of this run, got another one"),
    ],
)
def test_a_teacher_that_reads_other_batches_is_refused(lab, teacher, tmp_path, words, rule):
    folder = RunFolder.create(tmp_path, "student")
    experiment = built(lab, folder, f"method.teacher={teacher.path}", *words)
    with pytest.raises(ConfigError, match=f"method.teacher: {teacher.id} {rule}"):
        teach(experiment, folder)


def test_a_teacher_of_other_classes_or_another_task_is_refused(lab, teacher, tmp_path):
    folder = RunFolder.create(tmp_path, "student")
    experiment = built(lab, folder, f"method.teacher={teacher.path}")
    experiment.task.classes = ["b", "g"]
    with pytest.raises(ConfigError, match="must have the classes of this run, 2 of them, got 3 others"):
        teach(experiment, folder)
    experiment.module.model.task = torch.nn.Identity()
    with pytest.raises(ConfigError, match="must have the task Identity, got Classification"):
        teach(experiment, folder)


def test_a_method_without_a_teacher_is_left_alone(lab, tmp_path):
    folder = RunFolder.create(tmp_path, "student")
    experiment = built(lab, folder, "method=full")
    teach(experiment, folder)
    assert experiment.method.teacher is None
