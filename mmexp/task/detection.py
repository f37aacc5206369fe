"""Find the objects of an image: what each is, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from torchmetrics import MetricCollection
from torchvision.ops import batched_nms

from mmexp.contract import Batch, Outputs, Padded, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.detection.base import DetectionTargets, Detector
from mmexp.head.detection.box import area, into_image, into_view
from mmexp.head.detection.dense import DenseDetector
from mmexp.head.detection.query import QueryDetector
from mmexp.metric.precision import AveragePrecision, Found
from mmexp.plot.boxes import Boxes, outlined
from mmexp.task.base_dense import DenseTask
from mmexp.transform.objects import Objects, ObjectsTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12  # images shown
CONFIDENT = 0.5  # score from which a box is drawn
VISIBLE = 0.25  # fraction of an object that must be visible to learn from it


class Detection(DenseTask):
    """Fuse each token of the image with the other inputs, then predict boxes.

    With the image alone it is plain detection. With a text that names what is meant (``inputs=[image,
    text]`` and a target of that alone, such as ``referent``), each token is fused with the text, and it is visual
    grounding, or detection of what a caption mentions. The same holds for audio and its source.

    Metrics: ``map50`` and ``map`` as COCO measures them, over all objects of the raw images, in the encoder's sight
    or not.

    Source: dense, Tian et al. 2019, "FCOS", https://arxiv.org/abs/1904.01355; set, Carion et al. 2020, "End-to-End
    Object Detection with Transformers", https://arxiv.org/abs/2005.12872; see the two detectors for what differs.

    Args:
        dim: Width D of the tokens.
        classes: The training split's categories, C of them.
        target: Name of the target that holds the objects.
        form: ``dense``: each position of the grid predicts a box, and overlapping boxes are suppressed (see
            ``DenseDetector``). ``set``: learned queries predict one object each (see ``QueryDetector``).
        queries: Objects that the form ``set`` can predict at most.
        depth: Layers of the head.
        threshold: Answers with a lower score are left out.
        max_objects: Answers per image at most.
        nms_iou: In the form ``dense``, a box is suppressed whose IoU with a more confident one of its class is above
            this.

    Raises:
        ValueError: If the form is unknown, or there is no class.
    """

    monitor = "map50"
    mode = "max"

    def __init__(
        self,
        *,
        dim: int,
        classes: Sequence[str],
        target: str,
        form: Literal["dense", "set"] = "dense",
        queries: int = 20,
        depth: int = 2,
        threshold: float = 0.05,
        max_objects: int = 100,
        nms_iou: float = 0.6,
    ) -> None:
        super().__init__()
        if form not in ("dense", "set"):
            raise ValueError(f"Detection: form must be dense or set, got {form!r}.")
        if not classes:
            raise ValueError("Detection: classes must be at least 1, got 0.")
        self.classes, self.form, self.target, self.targets = list(classes), form, target, (target,)
        self.threshold, self.max_objects, self.nms_iou = threshold, max_objects, nms_iou
        number = len(self.classes)
        self.detector: Detector = (
            DenseDetector(dim=dim, num_classes=number, depth=depth)
            if form == "dense"
            else QueryDetector(dim=dim, num_classes=number, queries=queries, depth=depth)
        )

    def transforms(self) -> Mapping[str, ObjectsTransform]:
        return {self.target: ObjectsTransform(classes=self.classes, max_objects=self.max_objects)}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        outputs = self.network(tokens, fusion, batch)
        return outputs if self.training else self.postprocess(outputs, batch)

    def network(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        return self.detector(self.fuse(tokens, fusion))  # type: ignore[no-any-return]

    def postprocess(self, outputs: Outputs, batch: Batch) -> Outputs:
        return outputs | {"found": self.find(outputs, batch)}

    @torch.no_grad()
    def find(self, outputs: Outputs, batch: Batch) -> list[Found]:
        """Return the boxes of each image in its pixels, the most confident first."""
        images = self.images(batch)
        boxes = into_image(outputs["boxes"], images)
        parts = zip(boxes, outputs["scores"] * images.mask[:, None, None], strict=True)
        return [self.choose(*part) for part in parts]

    def choose(self, boxes: Tensor, scores: Tensor) -> Found:
        """Answers that are sure enough and no doubles. [P, 4], [P, C]"""
        position, number = (scores > self.threshold).nonzero(as_tuple=True)
        own, drawn = scores[position, number], boxes[position]
        if self.form == "dense":
            kept = batched_nms(drawn, own, number, self.nms_iou)[: self.max_objects]
        else:
            kept = own.argsort(descending=True)[: self.max_objects]
        return Found(drawn[kept], number[kept], own[kept])

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        return self.detector.losses(outputs, self.target_objects(batch))

    def target_objects(self, batch: Batch) -> DetectionTargets:
        """Return the objects of which enough is visible; rows without an image or known objects do not count."""
        images, objects = self.images(batch), self.objects(batch)
        whole = objects.boxes.values
        visible = into_view(whole, images)
        share = area(into_image(visible, images)) / area(whole).clamp(min=1e-6)
        known = torch.tensor([raw is not None for raw in objects.raw], device=whole.device) & images.mask
        return DetectionTargets(Padded(visible, objects.boxes.mask & (share >= VISIBLE)), objects.classes, known)

    def objects(self, batch: Batch) -> Objects:
        """The objects of a batch; without the target, none are known."""
        if self.target in batch.targets:
            return batch.targets[self.target]  # type: ignore[no-any-return]
        mask = torch.zeros(len(batch), 1, dtype=torch.bool, device=batch.inputs["image"].values.device)
        return Objects(Padded(mask.new_zeros(len(batch), 1, 4).float(), mask), mask.long(), [None] * len(batch))

    def metrics(self) -> MetricCollection:
        return MetricCollection({"precision": AveragePrecision(num_classes=len(self.classes))})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        objects = self.objects(batch)
        rows = [i for i, raw in enumerate(objects.raw) if raw is not None]
        metrics["precision"].update([outputs["found"][i] for i in rows], [truth(objects, i) for i in rows])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        rows = [{"id": i, **self.as_row(found)} for i, found in zip(batch.ids, outputs["found"], strict=True)]
        if self.target not in batch.targets:
            return rows
        return [row | {"target": raw} for row, raw in zip(rows, batch.targets[self.target].raw, strict=True)]

    def as_row(self, found: Found) -> dict[str, Any]:
        """Boxes [x, y, w, h] in pixels of the raw image, their categories and scores."""
        sized = torch.cat([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]], 1)
        names = [self.classes[number] for number in found.classes.tolist()]
        boxes = [[_shortest(value) for value in box] for box in sized.tolist()]
        return {"boxes": boxes, "categories": names, "scores": [_shortest(score) for score in found.scores.tolist()]}

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some images with confident predicted boxes, and with the true ones."""
        shown = [(row, own) for row, own in zip(rows, samples, strict=True) if "image" in own.inputs][:SHOWN]
        if not shown:
            return {}
        images, titles = [own.inputs["image"] for _, own in shown], [row["id"] for row, _ in shown]
        return {"boxes": outlined(images, [_sure(row) for row, _ in shown], titles, self.classes)}


def truth(objects: Objects, row: int) -> Found:
    """The true objects of one image."""
    real = objects.boxes.mask[row]
    return Found(objects.boxes.values[row][real], objects.classes[row][real], real[real].float())


def _shortest(value: float) -> float:
    """Return a number in single precision with as few digits as set it apart from others."""
    return float(f"{value:.9g}")


def _sure(row: Mapping[str, Any]) -> Boxes:
    confident = [one for one in zip(row["boxes"], row["categories"], row["scores"], strict=True) if one[2] >= CONFIDENT]
    boxes, names, scores = (
        [one[i] for one in reversed(confident)] for i in range(3)
    )  # the most confident is drawn last
    return Boxes(boxes, names, scores, [one["bbox"] for one in row.get("target") or ()])
