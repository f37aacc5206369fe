"""How well texts that a run writes fit the other inputs of their samples, by the encoders of a retrieval run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from mmexp.analysis.predictions import references, written
from mmexp.contract import Batch, Sample
from mmexp.error import ConfigError
from mmexp.inference.predictor import Predictor, restore
from mmexp.run.folder import RunFolder
from mmexp.study.estimate import means
from mmexp.study.studied_run import StudiedRun
from mmexp.task.base_generation import TextGeneration
from mmexp.task.retrieval import Retrieval, Side

WEIGHT = 2.5
"""Brings the cosines of CLIP to about [0, 1]."""
ANOTHER = "of another sample"
"""The text that was written for the sample before."""


@dataclass(frozen=True)
class PairEmbedder:
    """The encoders of a retrieval run whose one side is a text.

    Args:
        name: Id of the run.
        trained: The run.
        text: The side of the text.
        other: The side of what it is said of.
    """

    name: str
    trained: Predictor
    text: Side
    other: Side

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts as unit vectors, zero for one without tokens. -> [N, D]"""
        name = self.text.modalities[0]
        return self._embed(self.text, [Sample(str(i), {name: text}, {}) for i, text in enumerate(texts)])

    def others(self, samples: Sequence[Sample]) -> np.ndarray:
        """Embed what texts are said of as unit vectors. -> [N, D]"""
        return self._embed(self.other, samples)

    @torch.inference_mode()
    def _embed(self, side: Side, samples: Sequence[Sample]) -> np.ndarray:
        model, size = self.trained.module.model, self.trained.batch_size
        rows = [np.zeros((0, side.project.out_features))]
        for start in range(0, len(samples), size):
            some = samples[start : start + size]
            inputs = {name: model.transforms[name].collate(self._prepared(name, some)) for name in side.modalities}
            batch = Batch(inputs, {}, tuple(one.id for one in some)).to(self.trained.device)
            tokens = {name: model.encoders[name](own) for name, own in batch.inputs.items()}
            rows.append(side(model.missing(tokens), model.fusion, batch).cpu().double().numpy())
        return np.concatenate(rows)

    def _prepared(self, name: str, samples: Sequence[Sample]) -> list[Any]:
        transform = self.trained.module.model.transforms[name]
        return [transform.prepare(one.inputs[name]) if name in one.inputs else None for one in samples]


def pair_embedder(folder: RunFolder, overrides: Sequence[str] = ()) -> PairEmbedder:
    """Restore a retrieval run, and find which of its sides is a text.

    Args:
        folder: The run.
        overrides: As typed, of keys that may change after training.

    Raises:
        ConfigError: If the run is none of ``task=retrieval``, or none of its sides is one text.
    """
    trained = restore(folder, overrides)
    task = trained.task
    if not isinstance(task, Retrieval):
        raise ConfigError(f"clipscore: --with must be a run of task=retrieval, got {type(task).__name__}.")
    kinds = {name: str(trained.facts.of(name).get("kind", name)) for name in trained.facts["inputs"]}
    for text, other in ((task.query, task.candidates), (task.candidates, task.query)):
        if [kinds[name] for name in text.modalities] == ["text"]:
            return PairEmbedder(folder.id, trained, text, other)
    got = " and ".join("+".join(side.modalities) for side in (task.query, task.candidates))
    raise ConfigError(f"clipscore: one side of the run --with must be a text alone, got {got}.")


def clipscore(study: StudiedRun, by: PairEmbedder) -> dict[str, Any]:
    """Score what a run writes: CLIPScore, and RefCLIPScore if every sample has references.

    CLIPScore is 2.5 times the cosine of text and image, or whatever the retrieval run pairs with a text, and 0 if that
    is negative. RefCLIPScore is its harmonic mean with the cosine of the text and the closest reference. Next to them
    stand the scores of the references themselves and those of the text of another sample, as values depend on the
    retrieval run. Samples without an image are left out.

    Source: Hessel et al. 2021, "CLIPScore", https://arxiv.org/abs/2104.08718, sections 3 and 3.1. Differs: the encoders
    are those of any retrieval run, and no prompt is put before a text.

    Args:
        study: The run that writes texts.
        by: The retrieval run.

    Returns:
        What is written and what ``--json`` prints.

    Raises:
        ConfigError: If the run writes no texts, or lacks an input that the retrieval run pairs with a text.
    """
    refuse_other_runs(study, by)
    samples = [one for one in study.samples if any(name in one.inputs for name in by.other.modalities)]
    if not samples:
        raise ConfigError(f"clipscore: samples must have {'+'.join(by.other.modalities)}, got none in {study.split}.")
    rows = {str(row["id"]): row for row in study.score().rows}
    pairs = [rows[one.id] for one in samples]
    true = [references(row) for row in pairs]
    flat = by.texts([text for some in true for text in some])
    parts = np.split(flat, np.cumsum([len(some) for some in true])[:-1])
    scores = scored(by.others(samples), by.texts([written(row) for row in pairs]), parts)
    known = means(scores, [one.id for one in samples], study.groups)
    found: dict[str, dict[str, Any]] = {}
    for key in scores:
        found.setdefault(key[0], {})[key[1]] = known.estimate(partial(_value, key)).plain()
    counts = {"samples": len(samples), "left_out": len(study.samples) - len(samples)}
    return {"run": study.run.folder.id, "with": by.name, "split": study.split, **counts, "texts": found}


def refuse_other_runs(study: StudiedRun, by: PairEmbedder) -> None:
    """Make sure that a run writes texts, of what the retrieval run pairs with a text.

    Raises:
        ConfigError: If it does not.
    """
    if not isinstance(study.trained.task, TextGeneration):
        got = type(study.trained.task).__name__
        raise ConfigError(f"clipscore: RUN must be of a task that writes texts, got {got}.")
    lacking = [name for name in by.other.modalities if name not in study.inputs]
    if lacking:
        rule = f"clipscore: RUN must have the inputs that the run --with pairs with a text, {', '.join(lacking)}"
        raise ConfigError(f"{rule}, got {', '.join(study.inputs)}.")


def other_table(study: StudiedRun, by: PairEmbedder) -> list[str]:
    """Say that a retrieval run may have been trained on what is scored, where it was trained on another table."""
    if study.trained.facts.get("table") == by.trained.facts.get("table"):
        return []
    return ["the run --with was trained on another table, of which these samples may be a part"]


def scored(
    images: np.ndarray, texts: np.ndarray, references: Sequence[np.ndarray]
) -> dict[tuple[str, str], np.ndarray]:
    """Score the texts of samples, those of others and the references. [N, D], [N, D], N of [K, D] -> [N] each"""
    found = {("written", "clipscore"): image_score(images, texts)}
    others = np.roll(texts, 1, axis=0)
    if whole := all(map(len, references)):
        found["written", "ref_clipscore"] = with_references(found["written", "clipscore"], texts, references)
        rows = zip(images, references, strict=True)
        found["references", "clipscore"] = np.array([image_score(image, some).mean() for image, some in rows])
    found[ANOTHER, "clipscore"] = image_score(images, others)
    if whole:
        found[ANOTHER, "ref_clipscore"] = with_references(found[ANOTHER, "clipscore"], others, references)
    return found


def image_score(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """CLIPScore of texts with images. unit vectors [..., D] -> [...]"""
    return np.asarray(WEIGHT * np.maximum((images * texts).sum(-1), 0))


def with_references(scores: np.ndarray, texts: np.ndarray, references: Sequence[np.ndarray]) -> np.ndarray:
    """RefCLIPScore, from CLIPScore. [N], unit vectors [N, D], N of [K, D] -> [N]"""
    closest = np.array([max(0.0, (some @ own).max()) for own, some in zip(texts, references, strict=True)])
    both = scores + closest
    return np.asarray(np.where(both > 0, 2 * scores * closest / np.where(both > 0, both, 1), 0.0))


def _value(key: tuple[str, str], value: Callable[[tuple[str, str]], Any]) -> Any:
    return value(key)
