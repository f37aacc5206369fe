"""The sides of a scene by the names that samples give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmexp.dataset.world import (
    boxes,
    captions,
    graph,
    labels,
    mask,
    questions,
    score,
    sound,
    table,
    tags,
    transcript,
    video,
)
from mmexp.dataset.world.scene import Scene

SHOWN: Mapping[str, Callable[[Scene], Any]] = {
    "audio": sound.render,
    "captions": captions.render,
    "question": lambda scene: questions.render(scene)[0],
    "words": lambda scene: tags.render(scene)[0],
    "video": video.render,
    "tabular": table.render,
}
"""What can be an input, but for the image."""
EXTRA = ("words", "video", "tabular")
"""Inputs for those tasks and users that name them."""
ASKED: Mapping[str, Callable[[Scene, int], Any]] = {
    "captions": lambda scene, image_size: captions.render(scene),
    "answer": lambda scene, image_size: questions.render(scene)[1],
    "label": lambda scene, image_size: labels.label(scene),
    "attributes": lambda scene, image_size: labels.attributes(scene),
    "same_colour": lambda scene, image_size: labels.same_colour(scene),
    "motion": lambda scene, image_size: labels.motion(scene),
    "objects": boxes.render,
    "mask": mask.render,
    "tags": lambda scene, image_size: tags.render(scene)[1],
    "transcript": lambda scene, image_size: transcript.render(scene),
    "score": lambda scene, image_size: score.render(scene),
    "triples": lambda scene, image_size: graph.render(scene),
}
"""Every target, of a scene whose image has so many pixels on a side."""
CLASSES: Mapping[str, Sequence[str]] = {
    "label": labels.LABELS,
    "answer": questions.ANSWERS,
    "attributes": labels.ATTRIBUTES,
    "same_colour": labels.SAME_COLOUR,
    "motion": labels.MOTION,
    "objects": boxes.CATEGORIES,
    "mask": mask.CLASSES,
    "tags": tags.TAGS,
    "triples": graph.RELATIONS,
}
"""What a target can hold."""
