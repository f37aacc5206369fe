"""Draw generated images next to the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmexp.plot.gallery import gallery

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 2  # columns between the two, in pixels


def generated_images(generated: Sequence[np.ndarray], real: Sequence[np.ndarray], titles: Sequence[str]) -> Figure:
    """Draw pairs, the generated image on the left and the true one on the right.

    Args:
        generated: Each [S, S, 3].
        real: Likewise, as large.
        titles: A text above each pair.
    """
    gaps = (np.full((len(one), GAP, 3), 255, np.uint8) for one in generated)
    pairs = [np.concatenate(parts, 1) for parts in zip(generated, gaps, real, strict=True)]
    figure = gallery(pairs, titles)
    figure.suptitle("generated | true", fontsize=9)
    return figure
