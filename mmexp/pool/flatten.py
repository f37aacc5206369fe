"""Tokens side by side."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.error import ConfigError
from mmexp.pool.base import Pool


class FlattenPool(Pool):
    """Pool by one linear map of all tokens side by side, so that each position has weights of its own.

    A position without a real token counts as zeros. A set may have fewer positions than ``length``, as texts do, or
    more of nothing but padding. Its real tokens must then stand first: where padding lies between them, as in a text
    and an image in one set, the position of a token would depend on the rest of the batch.

    Source: LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition",
    https://doi.org/10.1109/5.726791, layer F6 on the maps below it.

    Args:
        dim: Width D of the tokens.
        length: Positions, L: as many as the longest set has real tokens.

    Shape:
        [B, N, D] -> [B, D].

    Raises:
        ValueError: If length < 1.
        ConfigError: When called, if a token lies beyond length, or behind padding in a set whose size is not length.
    """

    def __init__(self, *, dim: int, length: int = 64) -> None:
        super().__init__()
        if length < 1:
            raise ValueError(f"FlattenPool: length must be at least 1, got {length}.")
        self.length = length
        self.mix = nn.Linear(length * dim, dim)

    def forward(self, tokens: Tokens) -> Tensor:
        if (count := tokens.mask.shape[1]) != self.length:
            refuse_positions(tokens.mask, self.length)
        kept = tokens.features.masked_fill(~tokens.mask[..., None], 0)[:, : self.length]  # [B, N, D]
        every = F.pad(kept, (0, 0, 0, max(self.length - count, 0)))  # [B, L, D]
        return self.mix(every.flatten(1)).masked_fill(~tokens.present[:, None], 0)  # type: ignore[no-any-return]


def refuse_positions(mask: Tensor, length: int) -> None:
    """Refuse a set that is too long, or whose positions would depend on the rest of the batch. bool [B, N]

    Raises:
        ConfigError: If there is such a row.
    """
    if bool(mask[:, length:].any()):
        last = int(mask.any(0).nonzero().max()) + 1
        raise ConfigError(
            f"FlattenPool: length must be at least the number of tokens, {last}, got {length}.",
            f"Set fusion.pool.length={last}, or task.pool.length={last} if the task pools by it.",
        )
    if bool((mask[:, 1:] & ~mask[:, :-1]).any()):
        rule = "tokens must stand before all padding where their number is not length"
        raise ConfigError(
            f"FlattenPool: {rule}, got padding between them among {mask.shape[1]}, not {length}.",
            "Set pool@task.pool=mean if the task pools by it: it is given several inputs as one set.",
        )
