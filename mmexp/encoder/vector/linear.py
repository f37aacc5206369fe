"""One linear map per vector."""

from __future__ import annotations

from torch import nn

from mmexp.encoder.vector.base import VectorEncoder
from mmexp.transform.vector import VectorTransform


class LinearEncoder(VectorEncoder):
    """Encode each vector with a linear map, as a vision transformer does the pixels of a patch.

    Source: Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", https://arxiv.org/abs/2010.11929, eq. 1.
    Differs: no class token, and LayerNorm after it.

    Args:
        dim: Width D of the tokens.
        transform: Scaling and variation of the numbers; knows their width F and the longest sequence.

    Shape:
        numbers [B, F] -> Tokens [B, 1, D]; [B, L, F] -> Tokens [B, L, D].
    """

    def __init__(self, *, dim: int, transform: VectorTransform) -> None:
        super().__init__(dim=dim, transform=transform, project=nn.Linear(transform.width, dim))
