"""No fusion: the single-input baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmexp.contract import Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion


class NoFusion(Fusion):
    """Pass one modality through unchanged: ``h(f(x)) = f(x)``.

    Source: the unimodal baseline of any comparison.

    Args:
        dim: Width D of the tokens in and out.
        modalities: The one name it may be given.

    Shape:
        joint {m: [B, N, D]} -> [B, N, D]; anchored [B, N, D], {} -> [B, N, D].

    Raises:
        ConfigError: If more than one modality is named.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str]) -> None:
        super().__init__(dim=dim, modalities=modalities)
        if len(self.modalities) > 1:
            raise ConfigError(
                f"NoFusion: modalities must be one, got {', '.join(self.modalities)}.",
                hint=f"Set inputs=[{self.modalities[-1]}], or a fusion such as fusion=concat.",
            )

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        (only,) = tokens.values()
        return only

    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        if context:
            raise ValueError(f"NoFusion: context must be empty, got {', '.join(context)}.")
        return anchor
