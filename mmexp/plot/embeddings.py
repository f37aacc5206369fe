"""Draw embeddings on a plane by PCA."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

READABLE = 150  # names that can still be read
COLOURS = 10


def embeddings(vectors: np.ndarray, names: Sequence[str], kinds: Mapping[str, str]) -> Figure:
    """A point per vector along their first two principal components, with its name unless there are too many.

    Args:
        vectors: [N, D]
        names: Of each.
        kinds: The kind of each name, where that is known; the most frequent kinds have a colour.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    centred = vectors - vectors.mean(0)
    _, strengths, axes_of = np.linalg.svd(centred, full_matrices=False)
    points = centred @ axes_of[:2].T  # [N, 2]
    fraction = (strengths[:2] ** 2).sum() / max(1e-12, (strengths**2).sum())
    common = [kind for kind, _ in Counter(kinds.values()).most_common(COLOURS)]
    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.subplots()
    for position, kind in enumerate([*common, None]):
        own = [i for i, name in enumerate(names) if (kinds.get(name) if kinds.get(name) in common else None) == kind]
        colour = "lightgray" if kind is None else colormaps["tab10"](position)
        if own:
            axes.scatter(points[own, 0], points[own, 1], s=14, color=colour, label=kind or "other")
    for point, name in zip(points, names, strict=True) if len(names) <= READABLE else ():
        axes.annotate(name, point, xytext=(2, 2), textcoords="offset points", fontsize=5, parse_math=False)
    axes.set(xticks=[], yticks=[], title=f"{len(names)} embeddings, PCA: {fraction:.0%} of the variance")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    return figure
