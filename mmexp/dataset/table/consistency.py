"""Whether the parts of a row fit one another: words their tags, a picture its mask and boxes, frames their film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmexp.dataset.table.inspection import File, Probe
from mmexp.dataset.table.rows import MASK, Row

SLACK = 1.0  # pixels by which a box may stick out, since boxes are rounded


def check_words(row: Row) -> None:
    """Make sure that every word has a tag.

    Raises:
        ValueError: If there are more of one or the other.
    """
    tags = row.targets.get("tags")
    for name, words in row.inputs.items():
        if tags is not None and row.kind(name) == "words" and len(words) != len(tags):
            raise ValueError(f"must be one for each word, got {len(tags)} for the {len(words)} of {name}")


def find_misfit(row: Row, probes: Mapping[File, Probe], classes: int | None) -> str:
    """Say what does not fit, once all files of the row have been read; empty if all does.

    Args:
        row: Words and tags are known to fit.
        probes: Of its files.
        classes: How many numbers a mask may have, from 0; None for any.
    """
    films = {name: {probes[name, path].shape for path in row.inputs[name]} for name in row.named("video")}
    for name, shapes in films.items():
        if len(shapes) > 1:
            return f"{name} must have frames of one size, got {' and '.join(sorted(map(_size, shapes)))}."
    shape = next((probes[name, row.inputs[name]].shape for name in row.named("image")), None)
    if path := row.targets.get(MASK):
        mask = probes[MASK, path]
        if shape and mask.shape != shape:
            return f"mask {path!r} must be as large as the image, {_size(shape)}, got {_size(mask.shape)}."
        if classes is not None and mask.top >= classes:
            return f"mask {path!r} must hold numbers below {classes}, or 255 for none, got {mask.top}."
    outside = [one["bbox"] for one in row.targets.get("objects", ()) if shape and not _inside(one["bbox"], shape)]
    return f"objects must lie inside the image, {_size(shape)}, got bbox {outside[0]}." if shape and outside else ""


def _inside(box: Sequence[float], shape: tuple[int, ...]) -> bool:
    x, y, width, height = box
    return min(x, y) >= -SLACK and x + width <= shape[1] + SLACK and y + height <= shape[0] + SLACK


def _size(shape: tuple[int, ...]) -> str:
    """Width x height."""
    return "x".join(map(str, reversed(shape)))
