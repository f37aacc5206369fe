"""Learn from pairs of image and text that nobody has labelled."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MeanMetric, MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.loss.contrastive import Pairs, infonce
from mmexp.loss.masking import Hidden, apart, beside, chances_of, cut, fill, lowest, normalised
from mmexp.metric.proximity import NeighbourAccuracy
from mmexp.metric.retrieval import RetrievalRanks
from mmexp.plot.questions import told
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
EXHIBITS = 12  # pictures shown


class Pretraining(Task):
    """Teach the encoders and the fusion four things about each pair of image and text, all at once.

    ``contrastive``: the pooled tokens of either side alone lie close for partners. ``matching``: the fused pair tells
    partners from the wrong ones that are hardest to tell, likely ones by the contrastive scores. ``words``: a hidden
    word is told by ``fusion.onto(text, others)``; ``patches``: a hidden patch by ``fusion.onto(image, others)``. The
    encoders read each pair twice, whole and with parts hidden; what a hidden part is told from is whole.

    Metrics: the four objectives; ``word_accuracy`` of hidden words; ``recall_at_1`` ... of the text for an image, see
    ``RetrievalRanks``; with a probe ``probe_accuracy`` of the fused pair, see ``NeighbourAccuracy``. A pair that lacks
    a side learns from the hidden parts of the other. The first slot of the fusion is shared by both anchors.

    Source: Li et al. 2021, "Align before Fuse", https://arxiv.org/abs/2107.07651, section 3.2, for contrast, matching
    and words; these are hidden as by Devlin et al. 2019, "BERT", https://arxiv.org/abs/1810.04805, section 3.1;
    normalised patches: He et al. 2022, "Masked Autoencoders", https://arxiv.org/abs/2111.06377, section 3; one side
    told from the whole other: Kwon et al. 2023, "Masked Vision and Language Modeling", https://arxiv.org/abs/2208.02131.
    Differs: no momentum model; a hidden word is always the unknown one, a hidden patch is seen as grey rather than left
    out, so that any image encoder may be taken.

    Args:
        pool: How tokens become a vector; either side alone, and the pair, get their own.
        dim: Width D of the tokens and of the embeddings.
        tokenizer: Path of the tokenizer's file.
        word_share: Share of the words that is hidden, at least one of each text.
        patch_share: Share of the patches that is hidden.
        side: Patches along each side of a picture.
        patch_size: Side of a patch that is told, in pixels.
        weights: What an objective counts, 1 where it is not named; 0 leaves it out.
        probe: Target whose values should lie close together; it is never taught. None for none.

    Raises:
        ValueError: If a share is not between 0 and 1, or a weight is negative or of no objective.
    """

    targets = ()
    paired = True
    inputs = PAIR
    monitor = "loss"
    mode = "min"

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        tokenizer: str,
        word_share: float = 0.3,
        patch_share: float = 0.6,
        side: int = 8,
        patch_size: int = 8,
        weights: Mapping[str, float] | None = None,
        probe: str | None = None,
    ) -> None:
        super().__init__()
        for name, share in {"word_share": word_share, "patch_share": patch_share}.items():
            if not 0 < share < 1:
                raise ValueError(f"Pretraining: {name} must be in (0, 1), got {share}.")
        for name, weight in (weights or {}).items():
            if name not in OBJECTIVES or weight < 0:
                rule = f"weights must be of {', '.join(OBJECTIVES)}, and not negative"
                raise ValueError(f"Pretraining: {rule}, got {name}: {weight}.")
        self.weights = {name: float((weights or {}).get(name, 1)) for name in OBJECTIVES}
        self.word_share, self.patch_share, self.side, self.patch_size = word_share, patch_share, side, patch_size
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
        """Each sample whole, and behind all of them each with parts hidden."""
        hidden = self.hide(batch)
        parts = hidden.of(batch)
        return beside(batch, Batch(parts.inputs, {"hidden": hidden}, parts.ids))

    def hide(self, batch: Batch) -> Hidden:
        """Choose what is hidden: while training at random, else by the ids of the samples."""
        text = batch.inputs["text"].values
        count = self.side**2 + text.shape[1]
        drawn = torch.rand(len(batch), count, device=text.device) if self.training else chances_of(batch.ids, count)
        chances = drawn.to(text.device)
        return Hidden.choose(batch, chances, words=self.word_share, patches=self.patch_share, side=self.side)

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        hidden: Hidden = batch.targets["hidden"]
        halves = {name: apart(own) for name, own in tokens.items()}
        whole = {name: own for name, (own, _) in halves.items()}
        told = {
            name: fusion.onto(halves[name][1], {other: own for other, own in whole.items() if other != name}).features
            for name in PAIR
        }
        grid = F.adaptive_avg_pool2d(as_grid(told["image"]), self.side).flatten(2).mT  # [B, P, D]
        pooled = self.pools["pair"](fusion(whole))  # [B, D]
        return {
            "hidden": hidden,
            "words": self.word(told["text"][hidden.words]).float(),  # [W, V] of W hidden words
            "patches": self.patch(grid[hidden.patches]).float(),  # [Q, 3 S S] of Q hidden patches
            **{name: self.embed(name, whole[name]) for name in PAIR},
            "pooled": pooled,
            "match": self.match(pooled).squeeze(1).float(),  # [B]
            "judge": lambda pairs: self.match(self.pools["pair"](fusion(pairs))).squeeze(1).float(),
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
            pairs = Pairs.of(outputs["image"], outputs["text"], everywhere=self.training)
            contrastive = infonce(pairs, self.scale, self.scale)
        hidden = cut(batch.inputs["image"].values, self.side, self.patch_size)[outputs["hidden"].patches]
        return {
            "contrastive": contrastive,
            "matching": self.matching(outputs),
            "words": F.cross_entropy(words, self.goals(outputs, batch), reduction="sum") / max(1, len(words)),
            "patches": (patches - normalised(hidden)[0]).square().mean(1).sum() / max(1, len(patches)),
        }

    @property
    def scale(self) -> Tensor:
        """What likeness is multiplied by."""
        return self.log_scale.clamp(max=math.log(100)).exp()

    def matching(self, outputs: Outputs) -> Tensor:
        """Tell partners from the pairs that either side forms with another sample; both weigh the same. -> []"""
        image, text = outputs["image"], outputs["text"]
        rows = (image.any(1) & text.any(1)).nonzero().squeeze(1)  # [R]
        if len(rows) < 2:
            return outputs["match"].sum() * 0  # type: ignore[no-any-return]
        whole = {name: Tokens(own.features[rows], own.mask[rows]) for name, own in outputs["tokens"].items()}
        likeness = (self.scale * image[rows] @ text[rows].T).detach().fill_diagonal_(-torch.inf)  # [R, R]
        others = {"text": self.draw(likeness), "image": self.draw(likeness.T)}
        swaps = {name: Tokens(whole[name].features[own], whole[name].mask[own]) for name, own in others.items()}
        wrong = torch.cat([outputs["judge"]({**whole, name: own}) for name, own in swaps.items()])  # [2 R]
        return (F.softplus(-outputs["match"][rows]).mean() + F.softplus(wrong).mean()) / 2

    def draw(self, likeness: Tensor) -> Tensor:
        """For each row another one: a likely one while training, else the likeliest. [R, R] -> [R]"""
        return torch.multinomial(likeness.softmax(1), 1).squeeze(1) if self.training else likeness.argmax(1)

    def goals(self, outputs: Outputs, batch: Batch) -> Tensor:
        """Ids of the hidden words. -> [W]"""
        return batch.inputs["text"].values[outputs["hidden"].words]

    def metrics(self) -> MetricCollection:
        means = {name: MeanMetric() for name in (*OBJECTIVES, "word_accuracy")}
        probe = {} if self.probe is None else {"probe_accuracy": NeighbourAccuracy()}
        return MetricCollection({**means, "ranks": RetrievalRanks(), **probe}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        goals = self.goals(outputs, batch)
        right = (outputs["words"].argmax(1) == goals).sum() / max(1, len(goals))
        pairs = int((outputs["image"].any(1) & outputs["text"].any(1)).sum())
        sizes = {"contrastive": pairs, "matching": pairs, "words": len(goals), "patches": len(outputs["patches"])}
        for name, value in {**self.objectives(outputs, batch), "word_accuracy": right}.items():
            if size := sizes.get(name, len(goals)):
                metrics[name].update(value, weight=size)
        metrics["ranks"].update(outputs["image"], outputs["text"])
        if self.probe is not None:
            known = batch.targets.get(self.probe) or KeyTransform().collate([None] * len(batch))
            metrics["probe_accuracy"].update(outputs["pooled"][known.mask], known.values[known.mask])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores, likeness = outputs["match"].sigmoid(), (outputs["image"] * outputs["text"]).sum(1)
        images = batch.inputs["image"]
        filled = fill(images.values, outputs["hidden"].patches, outputs["patches"], self.patch_size).cpu().numpy()
        pictures = [picture if there else None for picture, there in zip(filled, images.mask.tolist(), strict=True)]
        columns = (batch.ids, scores.tolist(), likeness.tolist(), self.words_of(outputs, batch), pictures)
        return [
            {"id": i, "match": score > 0.5, "score": score, "likeness": near, "words": words, "picture": picture}
            for i, score, near, words, picture in zip(*columns, strict=True)
        ]

    def words_of(self, outputs: Outputs, batch: Batch) -> list[list[list[str]]]:
        """Hidden words of each sample, each with the answer."""
        rows: list[list[list[str]]] = [[] for _ in batch.ids]
        places = outputs["hidden"].words.nonzero()[:, 0].tolist()
        answers = outputs["words"].argmax(1).tolist()
        for row, goal, answer in zip(places, self.goals(outputs, batch).tolist(), answers, strict=True):
            rows[row].append([self.vocabulary[goal], self.vocabulary[answer]])
        return rows

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Some pictures as they are, as they were shown, and as they were told; and what was told of their text."""
        pairs = [pair for pair in zip(rows, samples, strict=True) if pair[0]["picture"] is not None][:EXHIBITS]
        if not pairs:
            return {}
        masks = lowest(chances_of([row["id"] for row, _ in pairs], self.side**2), self.patch_share).numpy()
        shown = [(one.inputs["image"], row["picture"], row["words"], told(one)) for row, one in pairs]
        return {"hidden": reconstructions(shown, masks)}
