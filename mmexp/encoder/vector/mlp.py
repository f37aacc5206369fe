"""Hidden layers per vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from mmexp.encoder.vector.base import VectorEncoder
from mmexp.transform.vector import VectorTransform


class MlpEncoder(VectorEncoder):
    """Encode each vector with an MLP.

    Source: Rumelhart et al. 1986, "Learning representations by back-propagating errors". Differs: GELU and dropout.

    Args:
        dim: Width D of the tokens.
        transform: Scaling and variation of the numbers; knows their width F and the longest sequence.
        widths: Features of each hidden layer.
        dropout: Probability of dropping a hidden feature.

    Shape:
        numbers [B, F] -> Tokens [B, 1, D]; [B, L, F] -> Tokens [B, L, D].
    """

    def __init__(
        self, *, dim: int, transform: VectorTransform, widths: Sequence[int] = (128,), dropout: float = 0.1
    ) -> None:
        layers = [
            nn.Sequential(nn.Linear(width, wider), nn.GELU(), nn.Dropout(dropout))
            for width, wider in pairwise((transform.width, *widths))
        ]
        project = nn.Sequential(*layers, nn.Linear((transform.width, *widths)[-1], dim))
        super().__init__(dim=dim, transform=transform, project=project)
