"""Generate an image from the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric, MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.image_generation.base import Chance, ImageGenerator
from mmexp.head.image_generation.evaluator import ImageEvaluator, RandomFeatures, agreement
from mmexp.head.image_generation.flow import Flow
from mmexp.head.image_generation.gan import GAN
from mmexp.head.image_generation.unet import UNet
from mmexp.metric.fidelity import Fidelity
from mmexp.metric.mean import MeanScore
from mmexp.plot.generated_images import generated_images
from mmexp.task.base import Task
from mmexp.transform.attributes import AttributesTransform
from mmexp.transform.base import Transform
from mmexp.transform.image import ImageTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 16  # images shown


class ImageGeneration(Task):
    """Generate an image from noise, each position of a grid fused with the inputs: ``fusion.onto(canvas, inputs)``.

    With a text as input it is text to image. With an image from another column as well, it is editing that
    image by a text. The noise comes from the sample's id.

    Metrics: ``attribute_accuracy``, of the attributes that an ``ImageEvaluator`` detects in a generated image or that
    the true one has, the share that is both, averaged over samples: what is missing counts against it, and so does what
    was not given; the many attributes that are rightly absent do not count. ``attribute_exact``, how often all are as
    they should be. ``fid`` and ``kid``, see ``Fidelity``, by the features the evaluator has at the time: they compare
    images within one run only. The evaluator is the task's own: it learns from the true images of the same steps,
    shares no weights, and its loss trains nothing else. ``evaluator_accuracy`` and ``evaluator_exact`` are its scores
    on the true
    images: no generator can be expected to do better. Without attributes there is no evaluator; ``fid`` and ``kid``
    come from random features (``RandomFeatures``), which are the same in every run, and ``kid`` chooses the checkpoint.
    The loss does not: that of ``gan`` says nothing of the images.

    Source: Reed et al. 2016, "Generative Adversarial Text to Image Synthesis", https://arxiv.org/abs/1605.05396; how
    it is learned: see ``Flow`` and ``GAN``; evaluation by the attributes that were asked for: El-Nouby et al. 2019,
    "Tell, Draw, and Repeat", https://arxiv.org/abs/1811.09845, section 4.

    Args:
        dim: Width D of the tokens.
        classes: Values of the training split, by target.
        evaluated: Target that names the attributes of an image, one or a list; not in classes for no evaluator.
        objective: ``flow`` goes from noise to image step by step, ``gan`` in one go.
        image_size: Side S of the images, in pixels; a multiple of 4.
        depth: Stages of the U-Net after the fusion.
        steps: Of flow, from noise to image.
        guidance: Of flow: 1 generates what was learned, more keeps closer to the inputs.

    Raises:
        ValueError: If objective is unknown.
    """

    targets = ("image",)
    export_refused = "an image begins with noise that is drawn by the id of its sample"
    anchor = "canvas"

    def __init__(
        self,
        *,
        dim: int,
        classes: Mapping[str, Sequence[Any]],
        evaluated: str = "attributes",
        objective: Literal["flow", "gan"] = "flow",
        image_size: int = 32,
        depth: int = 1,
        steps: int = 12,
        guidance: float = 2.5,
    ) -> None:
        super().__init__()
        if objective not in ("flow", "gan"):
            raise ValueError(f"ImageGeneration: objective must be flow or gan, got {objective!r}.")
        self.evaluated, self.classes, self.image_size = evaluated, list(classes.get(evaluated, ())), image_size
        self.monitor = "attribute_accuracy" if self.classes else "kid"
        self.mode: Literal["min", "max"] = "max" if self.classes else "min"
        canvas = UNet(dim=dim, image_size=image_size, depth=depth)
        self.generator: ImageGenerator = (
            Flow(canvas=canvas, steps=steps, guidance=guidance) if objective == "flow" else GAN(canvas=canvas, dim=dim)
        )
        self.evaluator = ImageEvaluator(dim=dim, classes=self.classes) if self.classes else RandomFeatures()

    def transforms(self) -> Mapping[str, Transform]:
        given = {self.evaluated: AttributesTransform(classes=self.classes)} if self.classes else {}
        return {"image": ImageTransform(image_size=self.image_size), **given}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        side, device = self.image_size, self.generator.canvas.position.device
        chance = Chance.draw(len(batch), side, device) if self.training else Chance.of(batch.ids, side, device)
        outputs: Outputs = {}
        if "image" in batch.targets:
            images = as_numbers(batch.targets["image"].values)
            outputs = self.generator.training_outputs(tokens, fusion, images, chance)
            outputs["real_features"], outputs["real_logits"] = self.evaluator(images)
        return outputs if self.training else outputs | self.generate(tokens, fusion, chance.noise)

    @torch.no_grad()
    def generate(self, tokens: Mapping[str, Tokens], fusion: Fusion, noise: Tensor) -> Outputs:
        """Generate, and let the evaluator classify the result."""
        image = as_pixels(self.generator.generate(tokens, fusion, noise))  # [B, 3, S, S]
        features, logits = self.evaluator(as_numbers(image))
        return {"image": image, "features": features, "logits": logits}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        if "image" not in batch.targets:
            return {"image": self.generator.canvas.position.sum() * 0}
        known = batch.targets["image"].mask
        losses = self.generator.losses(outputs, known)
        if isinstance(self.evaluator, ImageEvaluator):
            losses["evaluator"] = self.evaluator.loss(outputs["real_logits"], batch.targets.get(self.evaluated), known)
        return losses

    def metrics(self) -> MetricCollection:
        names = [f"{side}_{what}" for side in ("attribute", "evaluator") for what in ("accuracy", "exact")]
        scores: dict[str, Metric | MetricCollection] = {name: MeanScore() for name in names if self.classes}
        return MetricCollection({**scores, "fidelity": Fidelity()}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "image" not in batch.targets:
            return
        known = batch.targets["image"].mask
        metrics["fidelity"].update(outputs["real_features"][known], outputs["features"][known])
        if self.evaluated not in batch.targets:
            return
        labels = batch.targets[self.evaluated].values
        for name, logits in {"attribute": outputs["logits"], "evaluator": outputs["real_logits"]}.items():
            rows = labels.mask if name == "attribute" else labels.mask & known
            given, detected = labels.values[rows] > 0, F.pad(logits[rows] > 0, (0, 1))  # [B, C + 1]
            if len(given):
                metrics[f"{name}_accuracy"].update(agreement(detected, given))
                metrics[f"{name}_exact"].update((detected == given).all(1).float())

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Return rows with the ``image``; with an evaluator, the detected attributes and its mean confidence."""
        images = outputs["image"].movedim(1, -1).cpu().numpy()
        rows: list[dict[str, Any]] = [{"id": i, "image": image} for i, image in zip(batch.ids, images, strict=True)]
        if not self.classes:
            return rows
        scores = outputs["logits"].sigmoid()
        sure = torch.maximum(scores, 1 - scores).mean(1).tolist()
        for row, detected, score in zip(rows, scores.tolist(), sure, strict=True):
            row |= {
                "score": score,
                "attributes": [name for name, s in zip(self.classes, detected, strict=True) if s > 0.5],
            }
        if self.evaluated not in batch.targets:
            return rows
        return [row | {"target": raw} for row, raw in zip(rows, batch.targets[self.evaluated].raw, strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some generated images, each next to the true one and over the text it was given."""
        transform = ImageTransform(image_size=self.image_size)
        shown = [(row, sample) for row, sample in zip(rows, samples, strict=True) if "image" in sample.targets]
        if not shown:
            return {}
        generated = [row["image"] for row, _ in shown[:SHOWN]]
        real = [np.array(transform.fit(transform.prepare(sample.targets["image"]))) for _, sample in shown[:SHOWN]]
        return {"generated_images": generated_images(generated, real, [_title(*pair) for pair in shown[:SHOWN]])}


def as_numbers(pixels: Tensor) -> Tensor:
    """Scale uint8 [...] -> float [...] in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def as_pixels(numbers: Tensor) -> Tensor:
    """Scale float [...], clamped to [-1, 1] -> uint8 [...]."""
    return ((numbers.clamp(-1, 1) + 1) * 127.5).round().byte()


def _title(row: Mapping[str, Any], sample: Sample) -> str:
    """Return the text that was given, if there was one, and the detected attributes."""
    text = sample.inputs.get("text", row["id"])
    detected = f"\ndetected: {', '.join(row['attributes'])}" if "attributes" in row else ""
    return f"{text[0] if isinstance(text, list) else text}{detected}"
