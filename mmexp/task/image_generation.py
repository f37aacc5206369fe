"""Paint what the inputs tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MeanMetric, Metric, MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.image_generation.base import Chance, ImageGenerator
from mmexp.head.image_generation.evaluator import Glance, ImageEvaluator, agreement
from mmexp.head.image_generation.flow import Flow
from mmexp.head.image_generation.gan import GAN
from mmexp.head.image_generation.unet import UNet
from mmexp.metric.fidelity import Fidelity
from mmexp.plot.generated_images import paintings
from mmexp.task.base import Task
from mmexp.transform.attributes import AttributesTransform
from mmexp.transform.base import Transform
from mmexp.transform.image import ImageTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXHIBITS = 16  # pictures shown


class ImageGeneration(Task):
    """Paint a picture out of noise, each place of the canvas fused with the inputs: ``fusion.onto(canvas, inputs)``.

    With a text as input it is text to image. With a picture from another column beside it, it is a change to that
    picture by a text. The noise of an answer comes from the sample's id.

    Metrics: ``attribute_accuracy``, of the attributes that an ``ImageEvaluator`` sees in a generated image or that the
    true one has, the share that is both, averaged over samples: what is missing counts against it, and so does what was
    not given; the many attributes that are rightly absent do not count. ``attribute_exact``, how often all are as they
    should be. ``fid`` and ``kid``, see ``Fidelity``, by the features the judge has at the time: they compare pictures
    within one run only. The judge is the task's own: it learns from the true pictures of the same steps, shares no
    weights, and its loss teaches nothing else. ``judge_accuracy`` and ``judge_exact`` are what it finds in the true
    pictures: no painter can be expected to do better.
    Without attributes nobody judges; ``fid`` and ``kid`` come from random features (``Glance``), which are the same in
    every run, and ``kid`` decides. The loss does not: that of ``gan`` tells nothing of the pictures.

    Source: Reed et al. 2016, "Generative Adversarial Text to Image Synthesis", https://arxiv.org/abs/1605.05396; how
    it is learned: see ``Flow`` and ``GAN``; judged by the attributes that were asked for: El-Nouby et al. 2019,
    "Tell, Draw, and Repeat", https://arxiv.org/abs/1811.09845, section 4.

    Args:
        dim: Width D of the tokens.
        classes: Values of the training split, by target.
        judged: Target that names the attributes of a picture, one or a list; not in classes for no judge.
        objective: ``flow`` goes from noise to picture step by step, ``gan`` in one go.
        image_size: Side S of the pictures, in pixels; a multiple of 4.
        depth: Stages of the canvas that places go through once they are fused.
        steps: Of flow, from noise to picture.
        guidance: Of flow: 1 paints what was learned, more keeps closer to the inputs.

    Raises:
        ValueError: If objective is unknown.
    """

    targets = ("image",)
    anchor = "canvas"

    def __init__(
        self,
        *,
        dim: int,
        classes: Mapping[str, Sequence[Any]],
        judged: str = "attributes",
        objective: Literal["flow", "gan"] = "flow",
        image_size: int = 32,
        depth: int = 1,
        steps: int = 12,
        guidance: float = 2.5,
    ) -> None:
        super().__init__()
        if objective not in ("flow", "gan"):
            raise ValueError(f"ImageGeneration: objective must be flow or gan, got {objective!r}.")
        self.judged, self.classes, self.image_size = judged, list(classes.get(judged, ())), image_size
        self.monitor = "attribute_accuracy" if self.classes else "kid"
        self.mode: Literal["min", "max"] = "max" if self.classes else "min"
        canvas = UNet(dim=dim, image_size=image_size, depth=depth)
        self.painter: ImageGenerator = (
            Flow(canvas=canvas, steps=steps, guidance=guidance) if objective == "flow" else GAN(canvas=canvas, dim=dim)
        )
        self.judge = ImageEvaluator(dim=dim, classes=self.classes) if self.classes else Glance()

    def transforms(self) -> Mapping[str, Transform]:
        told = {self.judged: AttributesTransform(classes=self.classes)} if self.classes else {}
        return {"image": ImageTransform(image_size=self.image_size), **told}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        side, device = self.image_size, self.painter.canvas.position.device
        chance = Chance.draw(len(batch), side, device) if self.training else Chance.of(batch.ids, side, device)
        outputs: Outputs = {}
        if "image" in batch.targets:
            pictures = as_numbers(batch.targets["image"].values)
            outputs = self.painter.teach(tokens, fusion, pictures, chance)
            outputs["real_features"], outputs["real_logits"] = self.judge(pictures)
        return outputs if self.training else outputs | self.answer(tokens, fusion, chance.noise)

    @torch.no_grad()
    def answer(self, tokens: Mapping[str, Tokens], fusion: Fusion, noise: Tensor) -> Outputs:
        """Paint, and let it be judged."""
        image = as_pixels(self.painter.paint(tokens, fusion, noise))  # [B, 3, S, S]
        features, logits = self.judge(as_numbers(image))
        return {"image": image, "features": features, "logits": logits}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        if "image" not in batch.targets:
            return {"image": self.painter.canvas.position.sum() * 0}
        known = batch.targets["image"].mask
        losses = self.painter.losses(outputs, known)
        if isinstance(self.judge, ImageEvaluator):
            losses["judge"] = self.judge.loss(outputs["real_logits"], batch.targets.get(self.judged), known)
        return losses

    def metrics(self) -> MetricCollection:
        names = [f"{side}_{what}" for side in ("attribute", "judge") for what in ("accuracy", "exact")]
        judged: dict[str, Metric | MetricCollection] = {name: MeanMetric() for name in names if self.classes}
        return MetricCollection({**judged, "fidelity": Fidelity()}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "image" not in batch.targets:
            return
        known = batch.targets["image"].mask
        metrics["fidelity"].update(outputs["real_features"][known], outputs["features"][known])
        if self.judged not in batch.targets:
            return
        labels = batch.targets[self.judged].values
        for name, logits in {"attribute": outputs["logits"], "judge": outputs["real_logits"]}.items():
            rows = labels.mask if name == "attribute" else labels.mask & known
            told, seen = labels.values[rows] > 0, F.pad(logits[rows] > 0, (0, 1))  # [B, C + 1]
            if len(told):
                metrics[f"{name}_accuracy"].update(agreement(seen, told))
                metrics[f"{name}_exact"].update((seen == told).all(1).float())

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Rows with the ``image``; with a judge, the attributes seen in it, and how sure the judge is, on average."""
        images = outputs["image"].movedim(1, -1).cpu().numpy()
        rows: list[dict[str, Any]] = [{"id": i, "image": image} for i, image in zip(batch.ids, images, strict=True)]
        if not self.classes:
            return rows
        scores = outputs["logits"].sigmoid()
        sure = torch.maximum(scores, 1 - scores).mean(1).tolist()
        for row, seen, score in zip(rows, scores.tolist(), sure, strict=True):
            row |= {"score": score, "seen": [name for name, s in zip(self.classes, seen, strict=True) if s > 0.5]}
        if self.judged not in batch.targets:
            return rows
        return [row | {"target": raw} for row, raw in zip(rows, batch.targets[self.judged].raw, strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Some pictures painted, each beside the true one and over what was told."""
        transform = ImageTransform(image_size=self.image_size)
        shown = [(row, sample) for row, sample in zip(rows, samples, strict=True) if "image" in sample.targets]
        if not shown:
            return {}
        painted = [row["image"] for row, _ in shown[:EXHIBITS]]
        real = [np.array(transform.fit(transform.prepare(sample.targets["image"]))) for _, sample in shown[:EXHIBITS]]
        return {"paintings": paintings(painted, real, [_title(*pair) for pair in shown[:EXHIBITS]])}


def as_numbers(pixels: Tensor) -> Tensor:
    """uint8 [...] -> float [...] in [-1, 1]"""
    return pixels.float() / 127.5 - 1


def as_pixels(numbers: Tensor) -> Tensor:
    """float [...], cut off at -1 and 1 -> uint8 [...]"""
    return ((numbers.clamp(-1, 1) + 1) * 127.5).round().byte()


def _title(row: Mapping[str, Any], sample: Sample) -> str:
    """The text that was told, if there was one, and what the judge sees."""
    text = sample.inputs.get("text", row["id"])
    seen = f"\nseen: {', '.join(row['seen'])}" if "seen" in row else ""
    return f"{text[0] if isinstance(text, list) else text}{seen}"
