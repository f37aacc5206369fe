"""Pretrain on samples without labels, of any modalities."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion
from mmexp.head.alignment import Alignment, pairs_of
from mmexp.head.pair_matching import PairMatching
from mmexp.loss.mean import mean
from mmexp.masking.base import Masking
from mmexp.masking.halves import apart, concatenate
from mmexp.metric.mean import MeanError, MeanScore
from mmexp.metric.pair_ranks import PairRanks
from mmexp.metric.proximity import NeighbourAccuracy
from mmexp.pool.base import Pool
from mmexp.task.base import Task
from mmexp.transform.base import Transform
from mmexp.transform.key import KeyTransform, keys_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MASKED = "masked_"
"""What the objective of a masked modality is called, in front of its name."""


class Pretraining(Task):
    """Pretrain encoders and fusion on two modalities or more, or on a single one that can be masked.

    ``contrastive``: the pooled tokens of two modalities, each alone, lie close for those of one sample. ``matching``:
    the fused sample is classified as right or wrong, with hard negatives drawn by their embeddings.
    ``masked_<modality>``: a masked part is predicted by ``fusion.onto`` of the tokens of what is left of it, with these
    and those of all the other modalities, unmasked, as context. The encoders read each sample twice, unmasked and
    masked.

    A sample that lacks a modality is left out of its pairs, and nothing of it is masked. Metrics: the objectives;
    ``masked_<modality>_accuracy`` where classes are predicted; ``<one>_to_<other>_recall_at_1`` ... for each pair, see
    ``PairRanks``; with a probe ``probe_accuracy`` of the fused sample, see ``NeighbourAccuracy``.

    Source: Li et al. 2021, "Align before Fuse", https://arxiv.org/abs/2107.07651, section 3.2, for contrast, matching
    and masking of two; one modality predicted from the whole other: Kwon et al. 2023, "Masked Vision and Language
    Modeling", https://arxiv.org/abs/2208.02131; more than two: see ``Alignment`` and the ``Masking`` of each kind.
    Differs: no momentum model.

    Args:
        pool: How tokens become a vector; each modality alone, and the fused sample, get their own.
        dim: Width D of the tokens and of the embeddings.
        masking: By kind of input, or by the name of one, how it is masked; what is not named is only contrasted.
        pairs: Which are contrasted: ``all``, or those with one modality, by its name.
        weights: What an objective counts, 1 where it is not named; 0 leaves it out.
        probe: Target whose values should lie close together; it is never trained on. None for none.

    Raises:
        ValueError: If a weight is negative.
    """

    targets = ()
    export_refused = "it masks its own inputs; a run that starts from it (pretrained=RUN) can be exported"
    paired = contrasts = True
    monitor = "loss"
    mode = "min"

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        masking: Mapping[str, Masking] | None = None,
        pairs: str = "all",
        weights: Mapping[str, float] | None = None,
        probe: str | None = None,
    ) -> None:
        super().__init__()
        for name, weight in (weights or {}).items():
            if weight < 0:
                raise ValueError(f"Pretraining: weights must be at least 0, got {name}: {weight}.")
        self.dim, self.pairs, self.probe = dim, pairs, probe
        self.options, self.asked = dict(masking or {}), dict(weights or {})
        self.matcher = PairMatching(pool=pool, dim=dim)
        self.maskings = nn.ModuleDict()
        self.weights: dict[str, float] = {}
        self.alignment: Alignment | None = None

    def prepare(self, kinds: Mapping[str, str], transforms: Mapping[str, Transform]) -> None:
        """Make what depends on the inputs: pairs, and the head of each masked one.

        Raises:
            ConfigError: If ``pairs`` or a weight names none of them, or there is nothing to learn.
        """
        names = list(kinds)
        if self.pairs != "all" and self.pairs not in names:
            raise ConfigError(f"Pretraining: pairs must be all or one of {', '.join(names)}, got {self.pairs!r}.")
        for name, kind in kinds.items():
            option = self.options.get(name, self.options.get(kind))
            if option and isinstance(transforms[name], option.transforms):
                self.maskings[MASKED + name] = own = copy.deepcopy(option)
                own.prepare(transforms[name])
        several = ("contrastive", "matching") if len(names) > 1 else ()
        possible = (*several, *self.maskings)
        if wrong := [name for name in self.asked if name not in possible]:
            raise ConfigError(f"Pretraining: weights must be of {', '.join(possible)}, got {wrong[0]}.")
        self.weights = {name: float(self.asked.get(name, 1)) for name in possible if self.asked.get(name, 1)}
        if not self.weights:
            rule = "inputs must be two or more, or one that can be masked, with a weight above 0"
            raise ConfigError(f"Pretraining: {rule}, got {', '.join(names)}.", "Run: mmexp list masking")
        for name in {*self.maskings} - {*self.weights}:
            del self.maskings[name]
        if several:
            pairs = pairs_of(names, None if self.pairs == "all" else self.pairs)
            self.alignment = Alignment(modalities=names, pairs=pairs, pool=self.matcher.pool, dim=self.dim)
        else:
            self.monitor = next(iter(self.maskings))
        self.reads = tuple(name.removeprefix(MASKED) for name in self.maskings)

    def notes(self) -> list[str]:
        pairs = self.alignment.pairs if self.alignment else ()
        contrasts = [f"contrasts {', '.join(f'{one}-{other}' for one, other in pairs)}"] if pairs else []
        masks = [f"masks {', '.join(self.reads)}"] if self.reads else []
        rest = [name for name in dict.fromkeys(name for pair in pairs for name in pair) if name not in self.reads]
        unmasked = f"; {', '.join(rest)} not masked" if rest else ""
        return [f"pretraining {' and '.join([*contrasts, *masks])}{unmasked}"]

    def slots(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """``anchor`` before the inputs: what is masked takes turns in it. A single input is its own anchor."""
        return ("anchor", *inputs) if len(inputs) > 1 else tuple(inputs)

    def transforms(self) -> Mapping[str, Transform]:
        return {} if self.probe is None else {self.probe: KeyTransform()}

    def masked(self) -> Iterator[tuple[str, Masking]]:
        """What is masked, by modality."""
        return ((name.removeprefix(MASKED), cast(Masking, own)) for name, own in self.maskings.items())

    def shown(self, batch: Batch) -> Batch:
        """Return each sample unmasked, then each again with parts masked."""
        if not self.maskings:
            return batch
        masked = self.mask(batch)
        covered = {name: own.cover(batch.inputs[name], masked[name]) for name, own in self.masked()}
        return concatenate(batch, Batch({**batch.inputs, **covered}, {"masked": masked}, batch.ids))

    def mask(self, batch: Batch) -> dict[str, Tensor]:
        """Choose what is masked of each input: at random in training, else by the ids of the samples."""
        return {name: own.choose(batch.inputs[name], [f"{name}/{i}" for i in batch.ids]) for name, own in self.masked()}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        halves = {name: apart(own) if self.maskings else (own, own) for name, own in tokens.items()}
        whole, left = ({name: own[half] for name, own in halves.items()} for half in (0, 1))
        real = batch.rows(slice(len(next(iter(whole.values())).mask)))
        pooled, scores = self.matcher(whole, fusion)
        present = {name: own.present for name, own in real.inputs.items()}
        embeddings = self.alignment(whole, present) if self.alignment else {}
        return {
            "masked": real.targets.get("masked", {}),
            "predicted": {
                name: own.predict(self.fuse(name, whole, left, fusion), real.inputs[name], real.targets["masked"][name])
                for name, own in self.masked()
            },
            "embeddings": embeddings,
            "pooled": pooled,
            "scores": scores,
            "matching": lambda: self.matcher.loss(scores, whole, fusion, embeddings, self.scale),
        }

    @property
    def scale(self) -> Tensor:
        """What likeness is multiplied by, to draw hard negatives."""
        return self.alignment.scales.mean() if self.alignment else torch.ones(())

    def fuse(self, name: str, whole: Mapping[str, Tokens], left: Mapping[str, Tokens], fusion: Fusion) -> Tokens:
        """Fuse what is left of a masked modality with itself and all others, unmasked."""
        context = {**whole, name: left[name]} if len(whole) > 1 else {}
        return fusion.onto(left[name], context)

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        found = self.objectives(outputs, batch)
        return {name: weight * found[name] for name, weight in self.weights.items()}

    def objectives(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Those that count, without weights; one that nothing can be learned for is 0."""
        found: dict[str, Tensor] = {}
        if self.alignment and "contrastive" in self.weights:
            with torch.autocast(outputs["scores"].device.type, enabled=False):
                found["contrastive"] = self.alignment.loss(outputs["embeddings"], self.training)
        if "matching" in self.weights:
            found["matching"] = outputs["matching"]()
        errors = self.errors(outputs, batch)
        return found | {name: mean(own.sum(), len(own), len(batch), self.training) for name, own in errors.items()}

    def errors(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Of each masked part, by objective."""
        with torch.autocast(outputs["scores"].device.type, enabled=False):
            return {MASKED + name: own.errors(*self.predicted(name, outputs, batch)) for name, own in self.masked()}

    def predicted(self, name: str, outputs: Outputs, batch: Batch) -> tuple[Tensor, Any, Tensor]:
        """What is predicted of a modality, what it is, and where."""
        return outputs["predicted"][name].float(), batch.inputs[name], outputs["masked"][name]

    def metrics(self) -> MetricCollection:
        found: dict[str, Metric] = {name: MeanError() for name in self.weights}
        found |= {f"{MASKED}{name}_accuracy": MeanScore() for name, own in self.masked() if own.classifies}
        if self.alignment:
            found |= {f"{one}_to_{other}": PairRanks(one, other) for one, other in self.alignment.pairs}
        probe = {} if self.probe is None else {"probe_accuracy": NeighbourAccuracy()}
        return MetricCollection({**found, **probe}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        there = sum(own.any(1).long() for own in outputs["embeddings"].values())
        sizes = {MASKED + name: len(own) for name, own in outputs["predicted"].items()}
        for name, value in self.objectives(outputs, batch).items():
            if size := sizes.get(name, int((torch.as_tensor(there) > 1).sum())):
                metrics[name].update(value, weight=size)
        for name, own in self.masked():
            if own.classifies and len(hits := own.hits(*self.predicted(name, outputs, batch))):
                metrics[f"{MASKED}{name}_accuracy"].update(hits.float())
        for one, other in self.alignment.pairs if self.alignment else ():
            keys = torch.tensor([keys_of(batch, one), keys_of(batch, other)], device=outputs["pooled"].device).T
            metrics[f"{one}_to_{other}"].update(outputs["embeddings"][one], outputs["embeddings"][other], keys)
        if self.probe is not None:
            known = batch.targets.get(self.probe) or KeyTransform().collate([None] * len(batch))
            metrics["probe_accuracy"].update(outputs["pooled"][known.mask], known.values[known.mask])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = [{"id": i} for i in batch.ids]
        if self.alignment:
            found = {"score": outputs["scores"].sigmoid(), "likeness": self.alignment.likeness(outputs["embeddings"])}
            for name, values in {"match": found["score"] > 0.5, **found}.items():
                for row, value in zip(rows, values.tolist(), strict=True):
                    row[name] = value
        for name, own in self.masked():
            for row, value in zip(rows, own.shown(*self.predicted(name, outputs, batch)), strict=True):
                row[MASKED + name] = value
        return rows

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """What was predicted of masked parts."""
        return {key: plot for name, own in self.masked() for key, plot in own.plots(name, rows, samples).items()}
