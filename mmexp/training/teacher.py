"""The model of another run, for a method that learns from it."""

from __future__ import annotations

from mmexp.config.compose import load_config
from mmexp.config.facts import Facts
from mmexp.error import ConfigError
from mmexp.run.checkpoints import sha256_of
from mmexp.run.folder import RunFolder
from mmexp.task.multitask import equal
from mmexp.training.experiment import Experiment
from mmexp.training.held_out import refuse_learned
from mmexp.training.model import Model
from mmexp.training.restored import best_checkpoint, restored


def teach(experiment: Experiment, folder: RunFolder) -> list[str]:
    """Give the method of an experiment the model it learns from, if it does.

    Args:
        experiment: Built.
        folder: Its run.

    Returns:
        What a user should know of it, a line each.

    Raises:
        ConfigError: If that run is not there, or its model cannot read the batches of this one.
        DataError: If its checkpoint has been damaged, or it may have learned from the samples of test.
    """
    if experiment.method.teacher is None:
        return []
    config = experiment.config
    run = RunFolder.find(experiment.method.teacher, config["outputs"])
    best_checkpoint(run)
    root = load_config(run.config, plugins=config["plugins"]).plain()
    notes = refuse_learned("method.teacher", run, root, config, experiment.data.dataset)
    facts = Facts({**Facts.read(run.path), "tokenizer": str(folder.tokenizer)})
    model = restored(run, root, facts).model
    words = sha256_of(run.tokenizer) == sha256_of(folder.tokenizer)
    if fault := mismatch(model, experiment.module.model, words):
        raise ConfigError(f"method.teacher: {run.id} must have {fault}.")
    experiment.method.learn_from(model.eval().requires_grad_(False))
    return notes


def mismatch(teacher: Model, student: Model, words: bool) -> str:
    """Say what a teacher would have to have so that it can read the batches of a student; empty if it can.

    Args:
        teacher: Of another run.
        student: Of this one.
        words: Whether both number words in the same way.
    """
    ours, theirs = student.transforms, teacher.transforms
    if extra := [name for name in theirs if name not in ours]:
        return f"inputs among {', '.join(ours)}, got {extra[0]}"
    for name, transform in theirs.items():
        if not equal(transform, ours[name]):
            return f"the transform of {name} that this run has, got another one"
    if not words and any("tokenizer" in vars(transform) for transform in theirs.values()):
        return "the tokenizer of this run, got another one"
    if type(teacher.task) is not type(student.task):
        return f"the task {type(student.task).__name__}, got {type(teacher.task).__name__}"
    known, given = (getattr(one.task, "classes", None) for one in (student, teacher))
    return (
        "" if known == given else f"the classes of this run, {len(known or ())} of them, got {len(given or ())} others"
    )
