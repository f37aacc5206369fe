"""Pretrain on unlabelled pairs of image and text."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.loss.contrastive import Pairs, infonce
from mmexp.loss.masking import Masked, apart, chances_of, concatenate, cut, fill, lowest, normalised
from mmexp.loss.mean import mean
from mmexp.metric.mean import MeanError, MeanScore
from mmexp.metric.proximity import NeighbourAccuracy
from mmexp.metric.retrieval import RetrievalRanks
from mmexp.plot.questions import question_text
from mmexp.plot.reconstruction import reconstructions
from mmexp.pool.base import Pool
from mmexp.task.base import Task
from mmexp.task.base_dense import as_grid
from mmexp.transform.base import Transform
from mmexp.transform.key import KeyTransform
from mmexp.transform.text import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OBJECTIVES = ("contrastive", "matching", "words", "patches")
PAIR = ("image", "text")
SHOWN = 12  # images shown


class Pretraining(Task):
    """Pretrain encoders and fusion on pairs of image and text by four objectives at once.

    ``contrastive``: the pooled tokens of either side alone lie close for partners. ``matching``: the fused pair is
    classified as right or wrong, with hard negatives drawn by the contrastive scores. ``words``: a masked word is
    predicted by ``fusion.onto(text, others)``; ``patches``: a masked patch by ``fusion.onto(image, others)``. The
    encoders read each pair twice, unmasked and masked; a masked part is predicted from the other modality unmasked.

    Metrics: the four objectives; ``word_accuracy`` of masked words; ``recall_at_1`` ... of the text for an image, see
    ``RetrievalRanks``; with a probe ``probe_accuracy`` of the fused pair, see ``NeighbourAccuracy``. A pair that lacks
    a side learns from the masked parts of the other. The first slot of the fusion is shared by both anchors.

    Source: Li et al. 2021, "Align before Fuse", https://arxiv.org/abs/2107.07651, section 3.2, for contrast, matching
    and words; these are masked as by Devlin et al. 2019, "BERT", https://arxiv.org/abs/1810.04805, section 3.1;
    normalised patches: He et al. 2022, "Masked Autoencoders", https://arxiv.org/abs/2111.06377, section 3; one side
    predicted from the whole other: Kwon et al. 2023, "Masked Vision and Language Modeling",
    https://arxiv.org/abs/2208.02131.
    Differs: no momentum model; a masked word is always the unknown one, a masked patch is grey rather than left out,
    so that any image encoder may be used.

    Args:
        pool: How tokens become a vector; either side alone, and the pair, get their own.
        dim: Width D of the tokens and of the embeddings.
        tokenizer: Path of the tokenizer's file.
        word_ratio: Fraction of the words that is masked, at least one of each text.
        patch_ratio: Fraction of the patches that is masked.
        side: Patches along each side of an image.
        patch_size: Side of a patch that is predicted, in pixels.
        weights: What an objective counts, 1 where it is not named; 0 leaves it out.
        probe: Target whose values should lie close together; it is never trained on. None for none.

    Raises:
        ValueError: If a ratio is not between 0 and 1, or a weight is negative or of no objective.
    """

    targets = ()
    paired = contrasts = True
    inputs = reads = PAIR
    monitor = "loss"
    mode = "min"

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        tokenizer: str,
        word_ratio: float = 0.3,
        patch_ratio: float = 0.6,
        side: int = 8,
        patch_size: int = 8,
        weights: Mapping[str, float] | None = None,
        probe: str | None = None,
    ) -> None:
        super().__init__()
        for name, ratio in {"word_ratio": word_ratio, "patch_ratio": patch_ratio}.items():
            if not 0 < ratio < 1:
                raise ValueError(f"Pretraining: {name} must be in (0, 1), got {ratio}.")
        for name, weight in (weights or {}).items():
            if name not in OBJECTIVES or weight < 0:
                rule = f"weights must be of {', '.join(OBJECTIVES)}, and not negative"
                raise ValueError(f"Pretraining: {rule}, got {name}: {weight}.")
        self.weights = {name: float((weights or {}).get(name, 1)) for name in OBJECTIVES}
        self.word_ratio, self.patch_ratio, self.side, self.patch_size = word_ratio, patch_ratio, side, patch_size
        self.probe = probe
        self.vocabulary = Tokenizer(tokenizer).words()
        self.pools = nn.ModuleDict({name: copy.deepcopy(pool) for name in (*PAIR, "pair")})
        self.project = nn.ModuleDict({name: nn.Linear(dim, dim, bias=False) for name in PAIR})
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.match = Head(dim=dim, width=1, depth=1, dropout=0.0)
        self.word = Head(dim=dim, width=len(self.vocabulary), depth=1, dropout=0.0)
        self.patch = Head(dim=dim, width=3 * patch_size**2, depth=1, dropout=0.0)

    def slots(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """``anchor`` before the inputs: words and patches take turns in it."""
        return ("anchor", *inputs)

    def transforms(self) -> Mapping[str, Transform]:
        return {} if self.probe is None else {self.probe: KeyTransform()}

    def shown(self, batch: Batch) -> Batch:
        """Return each sample unmasked, then each again with parts masked."""
        masked = self.mask(batch)
        parts = masked.of(batch)
        return concatenate(batch, Batch(parts.inputs, {"masked": masked}, parts.ids))

    def mask(self, batch: Batch) -> Masked:
        """Choose what is masked: at random in training, else by the ids of the samples."""
        text = batch.inputs["text"].values
        count = self.side**2 + text.shape[1]
        drawn = torch.rand(len(batch), count, device=text.device) if self.training else chances_of(batch.ids, count)
        chances = drawn.to(text.device)
        return Masked.choose(batch, chances, words=self.word_ratio, patches=self.patch_ratio, side=self.side)

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        masked: Masked = batch.targets["masked"]
        halves = {name: apart(own) for name, own in tokens.items()}
        whole = {name: own for name, (own, _) in halves.items()}
        predicted = {
            name: fusion.onto(halves[name][1], {other: own for other, own in whole.items() if other != name}).features
            for name in PAIR
        }
        grid = F.adaptive_avg_pool2d(as_grid(predicted["image"]), self.side).flatten(2).mT  # [B, P, D]
        pooled = self.pools["pair"](fusion(whole))  # [B, D]
        return {
            "masked": masked,
            "words": self.word(predicted["text"][masked.words]).float(),  # [W, V] of W masked words
            "patches": self.patch(grid[masked.patches]).float(),  # [Q, 3 S S] of Q masked patches
            **{name: self.embed(name, whole[name]) for name in PAIR},
            "pooled": pooled,
            "match": self.match(pooled).squeeze(1).float(),  # [B]
            "score_pairs": lambda pairs: self.match(self.pools["pair"](fusion(pairs))).squeeze(1).float(),
            "tokens": whole,
        }

    def embed(self, name: str, own: Tokens) -> Tensor:
        """One side alone as a unit vector, zero where it is missing. -> [B, D]"""
        return F.normalize(self.project[name](self.pools[name](own)).float(), dim=1) * own.present.unsqueeze(1)

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        found = self.objectives(outputs, batch)
        return {name: weight * found[name] for name, weight in self.weights.items() if weight}

    def objectives(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """The four, without weights; one that nothing can be learned for is 0."""
        words, patches = outputs["words"], outputs["patches"]
        with torch.autocast(words.device.type, enabled=False):
            contrastive = infonce(Pairs.of(outputs["image"], outputs["text"], self.training), self.scale, self.scale)
        true = cut(batch.inputs["image"].values, self.side, self.patch_size)[outputs["masked"].patches]
        apart = (patches - normalised(true)[0]).square().mean(1).sum()
        wrong = F.cross_entropy(words, self.target_words(outputs, batch), reduction="sum")
        found = {"contrastive": contrastive, "matching": self.matching(outputs)}
        return found | {
            "words": mean(wrong, len(words), len(batch), self.training),
            "patches": mean(apart, len(patches), len(batch), self.training),
        }

    @property
    def scale(self) -> Tensor:
        """What likeness is multiplied by."""
        return self.log_scale.clamp(max=math.log(100)).exp()

    def matching(self, outputs: Outputs) -> Tensor:
        """Classify partners against the pairs that either side forms with another sample; both weigh the same. -> []"""
        image, text = outputs["image"], outputs["text"]
        rows = (image.any(1) & text.any(1)).nonzero().squeeze(1)  # [R]
        if len(rows) < 2:
            return outputs["match"].sum() * 0  # type: ignore[no-any-return]
        whole = {name: Tokens(own.features[rows], own.mask[rows]) for name, own in outputs["tokens"].items()}
        likeness = (self.scale * image[rows] @ text[rows].T).detach().fill_diagonal_(-torch.inf)  # [R, R]
        others = {"text": self.draw(likeness), "image": self.draw(likeness.T)}
        swaps = {name: Tokens(whole[name].features[own], whole[name].mask[own]) for name, own in others.items()}
        wrong = torch.cat([outputs["score_pairs"]({**whole, name: own}) for name, own in swaps.items()])  # [2 R]
        return (F.softplus(-outputs["match"][rows]).mean() + F.softplus(wrong).mean()) / 2

    def draw(self, likeness: Tensor) -> Tensor:
        """For each row another one: a likely one while training, else the likeliest. [R, R] -> [R]"""
        return torch.multinomial(likeness.softmax(1), 1).squeeze(1) if self.training else likeness.argmax(1)

    def target_words(self, outputs: Outputs, batch: Batch) -> Tensor:
        """Return the ids of the masked words. -> [W]"""
        return batch.inputs["text"].values[outputs["masked"].words]

    def metrics(self) -> MetricCollection:
        means = {**{name: MeanError() for name in OBJECTIVES}, "word_accuracy": MeanScore()}
        probe = {} if self.probe is None else {"probe_accuracy": NeighbourAccuracy()}
        return MetricCollection({**means, "ranks": RetrievalRanks(), **probe}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        targets = self.target_words(outputs, batch)
        right = (outputs["words"].argmax(1) == targets).sum() / max(1, len(targets))
        pairs = int((outputs["image"].any(1) & outputs["text"].any(1)).sum())
        sizes = {"contrastive": pairs, "matching": pairs, "words": len(targets), "patches": len(outputs["patches"])}
        for name, value in {**self.objectives(outputs, batch), "word_accuracy": right}.items():
            if size := sizes.get(name, len(targets)):
                metrics[name].update(value, weight=size)
        metrics["ranks"].update(outputs["image"], outputs["text"])
        if self.probe is not None:
            known = batch.targets.get(self.probe) or KeyTransform().collate([None] * len(batch))
            metrics["probe_accuracy"].update(outputs["pooled"][known.mask], known.values[known.mask])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores, likeness = outputs["match"].sigmoid(), (outputs["image"] * outputs["text"]).sum(1)
        images = batch.inputs["image"]
        filled = fill(images.values, outputs["masked"].patches, outputs["patches"], self.patch_size).cpu().numpy()
        shown = [image if there else None for image, there in zip(filled, images.mask.tolist(), strict=True)]
        columns = (batch.ids, scores.tolist(), likeness.tolist(), self.words_of(outputs, batch), shown)
        return [
            {"id": i, "match": score > 0.5, "score": score, "likeness": near, "words": words, "image": image}
            for i, score, near, words, image in zip(*columns, strict=True)
        ]

    def words_of(self, outputs: Outputs, batch: Batch) -> list[list[list[str]]]:
        """Return the masked words of each sample, each with the prediction."""
        rows: list[list[list[str]]] = [[] for _ in batch.ids]
        places = outputs["masked"].words.nonzero()[:, 0].tolist()
        answers = outputs["words"].argmax(1).tolist()
        for row, target, answer in zip(places, self.target_words(outputs, batch).tolist(), answers, strict=True):
            rows[row].append([self.vocabulary[target], self.vocabulary[answer]])
        return rows

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some images as they are, masked and reconstructed; and the masked words of their text."""
        pairs = [pair for pair in zip(rows, samples, strict=True) if pair[0]["image"] is not None][:SHOWN]
        if not pairs:
            return {}
        masks = lowest(chances_of([row["id"] for row, _ in pairs], self.side**2), self.patch_ratio).numpy()
        shown = [(one.inputs["image"], row["image"], row["words"], question_text(one)) for row, one in pairs]
        return {"masked": reconstructions(shown, masks)}
