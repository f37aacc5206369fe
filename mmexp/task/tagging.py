"""Tag entities among words, given the other inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion
from mmexp.head.crf import CRF
from mmexp.loss.mean import mean
from mmexp.metric.entity import EntityF1, entities
from mmexp.plot.classification import confusion
from mmexp.plot.sentences import sentences
from mmexp.task.base import Task
from mmexp.transform.label import UNSEEN
from mmexp.transform.tags import Tags, TagsTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12  # sentences shown


class Tagging(Task):
    """Give each word a tag: ``logits_i = head(fusion.onto(word_i, others))``, and predict the best valid sequence.

    B-<type> begins an entity, I-<type> continues it, O is none. Metrics: ``f1``, ``precision`` and ``recall`` of whole
    entities, and ``f1_<type>``. Words after the encoder's max_length get O.

    Source: Lample et al. 2016, "Neural Architectures for Named Entity Recognition", https://arxiv.org/abs/1603.01360,
    section 2; with an image: Moon et al. 2018, "Multimodal Named Entity Recognition", https://arxiv.org/abs/1802.07862.

    Args:
        dim: Width D of the tokens.
        classes: The training split's tags; the types are read from them.
        dropout: Probability of dropping a feature before the head.
        crf: Learn transitions between tags, and the probability of whole sequences instead of that of each tag.

    Raises:
        ValueError: If a class is not O, B-<type> or I-<type>, or no type is among them.
    """

    targets = ("tags",)
    anchor = "words"
    monitor = "f1"
    mode = "max"

    def __init__(self, *, dim: int, classes: Sequence[str], dropout: float = 0.1, crf: bool = False) -> None:
        super().__init__()
        wrong = [tag for tag in classes if tag != "O" and not (tag.startswith(("B-", "I-")) and tag[2:])]
        if wrong:
            raise ValueError(f"Tagging: classes must be O, B-<type> or I-<type>, got {wrong[0]!r}.")
        self.types = sorted({tag[2:] for tag in classes if tag != "O"})
        if not self.types:
            raise ValueError(f"Tagging: classes must have a type, got {list(classes)}.")
        self.tags = ["O", *(f"{prefix}-{kind}" for kind in self.types for prefix in "BI")]
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Dropout(dropout), nn.Linear(dim, len(self.tags)))
        self.chain = CRF(self.tags, learned=crf)
        self.crf = crf

    def slots(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """Names the fusion is built for, words first.

        Raises:
            ConfigError: If words are not among the inputs.
        """
        if "words" not in inputs:
            raise ConfigError(f"Tagging: inputs must include words, got {', '.join(inputs)}.")
        return super().slots(inputs)

    def transforms(self) -> Mapping[str, TagsTransform]:
        return {"tags": TagsTransform(tags=self.tags)}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        outputs = self.network(tokens, fusion, batch)
        return outputs if self.training else self.postprocess(outputs, batch)

    def network(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        others = {name: own for name, own in tokens.items() if name != "words"}
        words = fusion.onto(tokens["words"], others)  # [B, N, D]
        return {"logits": self.head(words.features).float(), "mask": words.mask}  # [B, N, C]

    def postprocess(self, outputs: Outputs, batch: Batch) -> Outputs:
        return outputs | {"best": self.chain.best(outputs["logits"], outputs["mask"])}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        logits, tags = outputs["logits"], batch.targets.get("tags")
        if tags is None:
            return {"tags": mean(logits.sum() * 0, 0, len(batch), everywhere=self.training)}
        length = min(logits.shape[1], tags.values.values.shape[1])
        logits, targets = logits[:, :length], tags.values.values[:, :length]
        known = outputs["mask"][:, :length] & (targets != UNSEEN)
        if not self.crf:
            total = F.cross_entropy(logits[known], targets[known], reduction="sum")
        else:
            known = known.cumprod(1).bool()  # a row is known as far as all of it is
            rows = known[:, 0]
            targets = targets.masked_fill(~known, 0)
            total = self.chain.nll(logits[rows], targets[rows], known[rows]).sum() + logits.sum() * 0
        return {"tags": mean(total, known.sum(), len(batch), everywhere=self.training)}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"entities": EntityF1(types=self.types)})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        tags: Tags | None = batch.targets.get("tags")
        if tags is None:
            return
        pairs = zip(self.read(outputs), tags.raw, strict=True)
        known = [(pred, target) for pred, target in pairs if target is not None]
        metrics["entities"].update([pred for pred, _ in known], [target for _, target in known])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        tags: Tags | None = batch.targets.get("tags")
        sure = outputs["logits"].softmax(-1).gather(2, outputs["best"].unsqueeze(2)).squeeze(2)  # [B, N]
        score = Tokens(sure.unsqueeze(2), outputs["mask"]).pool().squeeze(1).tolist()
        rows: list[dict[str, Any]] = [
            {"id": i, "tags": pred, "entities": _entities(pred), "score": mean}
            for i, pred, mean in zip(batch.ids, self.read(outputs), score, strict=True)
        ]
        if tags is None:
            return rows
        return [
            row | {"tags": _as_long(row["tags"], raw), "target": raw} for row, raw in zip(rows, tags.raw, strict=True)
        ]

    def read(self, outputs: Outputs) -> list[list[str]]:
        """Tags of the real words of each row."""
        lengths = outputs["mask"].sum(1).tolist()
        rows = zip(outputs["best"].tolist(), lengths, strict=True)
        return [[self.tags[number] for number in row[:length]] for row, length in rows]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw the confusion of types, and some sentences with the entities found in them."""
        known = [row for row in rows if row.get("target")]
        shown = [(samples[i].inputs["words"], row) for i, row in enumerate(rows) if "words" in samples[i].inputs]
        figures: dict[str, Figure] = {}
        if known:
            pairs = [pair for row in known for pair in zip(row["target"], row["tags"], strict=False)]
            targets, preds = ([_type(pair[i]) for pair in pairs] for i in (0, 1))
            figures["confusion"] = confusion(targets, preds, ["O", *self.types])
        if shown:
            tagged = [(words, row["tags"], row.get("target") or ()) for words, row in shown[:SHOWN]]
            figures["sentences"] = sentences(tagged, self.types)
        return figures


def _entities(tags: Sequence[str]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "type": kind} for start, end, kind in entities(tags)]


def _as_long(tags: list[str], raw: Sequence[str] | None) -> list[str]:
    """Give words that were not read an O."""
    return tags + ["O"] * (len(raw or ()) - len(tags))


def _type(tag: str) -> str:
    return tag[2:] or "O"
