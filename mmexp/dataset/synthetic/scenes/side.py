"""The sides of a scene by the names that samples give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mmexp.dataset.synthetic.scenes import (
    boxes,
    captions,
    dialogue,
    draw,
    graph,
    incident,
    knowledge,
    labels,
    mask,
    questions,
    referent,
    score,
    sound,
    table,
    tags,
    taste,
    transcript,
    video,
)
from mmexp.dataset.synthetic.scenes.scene import Scene

Side = Callable[[Scene, int], Any]
"""Shows a scene whose image has so many pixels on a side."""
SHOWN: Mapping[str, Side] = {
    "image": draw.render,
    "audio": lambda scene, image_size: sound.render(scene),
    "text": lambda scene, image_size: captions.render(scene),
    "question": lambda scene, image_size: questions.render(scene)[0],
    "expression": lambda scene, image_size: referent.expression(scene),
    "history": lambda scene, image_size: dialogue.render(scene)[0],
    "words": lambda scene, image_size: tags.render(scene)[0],
    "transcript": lambda scene, image_size: transcript.render(scene),
    "video": lambda scene, image_size: video.render(scene),
    "tabular": lambda scene, image_size: table.render(scene),
    "head": lambda scene, image_size: knowledge.render(scene)[0],
    "relation": lambda scene, image_size: knowledge.render(scene)[1],
    "items": lambda scene, image_size: taste.render(scene)[:-1],
    "camera": incident.camera,
    "microphone": lambda scene, image_size: incident.microphone(scene),
}
"""Every input."""
INPUTS: Mapping[str, str] = {"image": "image", "audio": "audio", "text": "captions"}
"""Inputs that all tasks are given, with the column each is read from."""
KINDS: Mapping[str, str] = {
    "question": "text",
    "expression": "text",
    "history": "text",
    "transcript": "text",
    "camera": "image",
    "microphone": "audio",
}
"""What an input holds, where that is not its name."""
ASKED: Mapping[str, Side] = {
    "image": draw.render,
    "audio": lambda scene, image_size: sound.render(scene),
    "captions": lambda scene, image_size: captions.render(scene),
    "answer": lambda scene, image_size: questions.render(scene)[1],
    "reply": lambda scene, image_size: dialogue.render(scene)[1],
    "label": lambda scene, image_size: labels.label(scene),
    "attributes": lambda scene, image_size: labels.attributes(scene),
    "same_colour": lambda scene, image_size: labels.same_colour(scene),
    "motion": lambda scene, image_size: labels.motion(scene),
    "objects": boxes.render,
    "mask": mask.render,
    "referent": referent.objects,
    "region": referent.region,
    "tags": lambda scene, image_size: tags.render(scene)[1],
    "transcript": lambda scene, image_size: transcript.render(scene),
    "score": lambda scene, image_size: score.render(scene),
    "triples": lambda scene, image_size: graph.render(scene),
    "tail": lambda scene, image_size: knowledge.render(scene)[2],
    "query": lambda scene, image_size: knowledge.render(scene)[:2],
    "item": lambda scene, image_size: taste.render(scene)[-1],
    "anomaly": lambda scene, image_size: incident.anomaly(scene),
    "incident": lambda scene, image_size: incident.incident(scene),
}
"""Every target."""
COMPANIONS: Mapping[str, Sequence[str]] = {
    "image": ("text",),
    "audio": ("transcript",),
    "captions": ("image",),
    "answer": ("image", "audio", "question"),
    "reply": ("image", "history"),
    "motion": ("video",),
    "referent": ("image", "expression"),
    "region": ("image", "expression"),
    "tags": ("image", "words"),
    "tail": ("head", "relation"),
    "item": ("items",),
    "anomaly": ("camera", "microphone"),
}
"""Inputs that go with a target, where those are not the ones that all tasks are given."""
CLASSES: Mapping[str, Sequence[str]] = {
    "label": labels.LABELS,
    "answer": questions.ANSWERS,
    "attributes": labels.ATTRIBUTES,
    "same_colour": labels.SAME_COLOUR,
    "motion": labels.MOTION,
    "objects": boxes.CATEGORIES,
    "mask": mask.CLASSES,
    "referent": boxes.CATEGORIES,
    "region": mask.CLASSES,
    "tags": tags.TAGS,
    "triples": graph.RELATIONS,
    "tail": knowledge.ENTITIES,
    "item": taste.ITEMS,
}
"""What a target can hold."""
SYMBOLS: Mapping[str, Sequence[str]] = {
    "head": knowledge.ENTITIES,
    "relation": knowledge.RELATIONS,
    "items": taste.ITEMS,
}
"""Every symbol, sorted, of an input that holds symbols."""
TABLES: Mapping[str, Callable[[], Iterable[Any]]] = {"triples": knowledge.known}
"""Long facts, a row at a time."""
