"""What each modality adds to the score of the answer to one sample: exact Shapley values of those that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmexp.contract import Batch, Sample
from mmexp.error import ConfigError
from mmexp.inference.predictor import Predictor
from mmexp.inference.single import single
from mmexp.study.altered import blanked
from mmexp.study.shapley import shapley
from mmexp.study.studied_run import MOST, subsets
from mmexp.task.base import Explained
from mmexp.training.datamodule import PreparedSplit

Coalition = tuple[str, ...]


@dataclass(frozen=True)
class SampleContribution:
    """What the modalities of one sample add to the score of its answer.

    Args:
        answer: Of the model to the whole sample.
        score: Of that answer.
        without: Its score where the modalities are absent.
        absent: How a modality is taken away: ``missing``, or ``blank`` for a task that needs its inputs.
        values: By modality; they add up to the score less ``without``.
    """

    answer: str
    score: float
    without: float
    absent: str
    values: Mapping[str, float]


def contribute_to_sample(
    trained: Predictor, sample: Sample, rows: int, check: Callable[[], None] = lambda: None
) -> SampleContribution:
    """Score the answer to a sample with every coalition of its modalities, as ``mmexp contribution`` does for a split.

    Source: Shapley 1953, "A Value for n-Person Games", by ``shapley``.

    Args:
        trained: The run.
        sample: As the dataset gives it; it may lack modalities.
        rows: Coalitions at once.
        check: Called before each pass of so many; may raise to end it all.

    Raises:
        ConfigError: If the task has no score of an answer, or the sample has no modality, or too many of them.
    """
    players, absent = _players(trained, sample)
    batch, coalitions = single(trained, sample), subsets(players)
    with torch.no_grad(), trained.hardware.autocast():
        answer = trained.task.explained(trained.module.model(batch))
        if absent == "missing":
            found = _missing(trained, sample, answer, coalitions, rows, check)
        else:
            found = _blank(trained, batch, answer, coalitions, check)
    known = dict(zip(coalitions, found.tolist(), strict=True))
    values = {name: float(value) for name, value in shapley(players, known.__getitem__).items()}
    return SampleContribution(answer.text, known[players], known[()], absent, values)


def _players(trained: Predictor, sample: Sample) -> tuple[Coalition, str]:
    """Return the modalities of a sample that are taken away, and how."""
    task, inputs = trained.task, list(trained.facts["inputs"])
    needed, absent = {*(task.inputs or ()), task.anchor}, "missing"
    if not any(name not in needed for name in inputs):
        needed, absent = {task.anchor}, "blank"
    players = tuple(name for name in inputs if name in sample.inputs and name not in needed)
    if not 1 <= len(players) <= MOST:
        rule = f"contribution: sample must have 1 to {MOST} inputs besides the one whose positions are kept"
        raise ConfigError(f"{rule}, got {', '.join(players) or 'none'}.")
    return players, absent


def _missing(
    trained: Predictor,
    sample: Sample,
    answer: Explained,
    coalitions: Sequence[Coalition],
    rows: int,
    check: Callable[[], None],
) -> Tensor:
    """Score coalitions, the others a missing key. -> [K]"""
    split = PreparedSplit([sample], inputs=trained.module.model.transforms, targets={}, seed=None)
    whole, players, found = split.prepare(0), coalitions[0], []
    for start in range(0, len(coalitions), rows):
        check()
        some = [_kept(whole, players, one) for one in coalitions[start : start + rows]]
        found.append(_scored(trained, split.collate(some).to(trained.device), answer))
    return torch.cat(found)


def _kept(sample: Sample, players: Coalition, coalition: Coalition) -> Sample:
    """Return a sample without those players that are not in a coalition."""
    gone = {*players} - {*coalition}
    return replace(sample, inputs={name: value for name, value in sample.inputs.items() if name not in gone})


def _blank(
    trained: Predictor, batch: Batch, answer: Explained, coalitions: Sequence[Coalition], check: Callable[[], None]
) -> Tensor:
    """Score coalitions, the others zeros as their encoders read them. -> [K]"""
    players, found = coalitions[0], []
    for one in coalitions:
        check()
        with blanked(dict(trained.module.model.encoders.items()), [name for name in players if name not in one]):
            found.append(_scored(trained, batch, answer))
    return torch.cat(found)


def _scored(trained: Predictor, batch: Batch, answer: Explained) -> Tensor:
    asked = Batch(batch.inputs, answer.targets(len(batch.ids)), batch.ids, batch.files).to(trained.device)
    return answer.score(trained.module.model(asked)).float().cpu()
