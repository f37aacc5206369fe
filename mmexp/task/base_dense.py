"""What tasks share that predict for positions of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from mmexp.contract import Batch, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion
from mmexp.layer.grid import as_grid
from mmexp.task.base import Task
from mmexp.transform.view import Images


class DenseTask(Task):
    """Fuses each token of the image with all other inputs, and keeps the tokens on their grid."""

    anchor = "image"
    reads = ("image",)

    def slots(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """As for every task.

        Raises:
            ConfigError: If there is no image to predict for.
        """
        if "image" not in inputs:
            raise ConfigError(f"{type(self).__name__}: inputs must include image, got {', '.join(inputs)}.")
        return super().slots(inputs)

    def fuse(self, tokens: Mapping[str, Tokens], fusion: Fusion) -> Tensor:
        """The image's tokens, fused with the others, as a grid. -> [B, D, h, w]"""
        context = {name: own for name, own in tokens.items() if name != "image"}
        return as_grid(fusion.onto(tokens["image"], context).features)

    def images(self, batch: Batch) -> Images:
        """Return the images of a batch, with the view of each that the encoder reads."""
        return Images.of(batch.inputs["image"])
