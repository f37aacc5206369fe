"""A learned mixture of other fusions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.base import Fusion


class SearchFusion(Fusion):
    """Fuse by a learned mixture of fusions: ``sum_i softmax(a)_i fusion_i(x)``.

    What it has found are its weights; train the best one alone to have the plain model.

    Source: Liu et al. 2019, "DARTS", https://arxiv.org/abs/1806.09055, eq. 2; for fusions: Yin et al. 2022, "BM-NAS",
    https://arxiv.org/abs/2104.09379. Differs: ``a`` is learned with all other weights, on the training split.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        candidates: Fusions by name, of the same width and modalities.

    Shape:
        joint {m: [B, N_m, D]} -> [B, 1, D]: each candidate's tokens are averaged first;
        anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].

    Raises:
        ValueError: If there is no candidate.
        TypeError: If a candidate is not a fusion.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        candidates: Mapping[str, Fusion],
    ) -> None:
        super().__init__(dim=dim, modalities=modalities)
        if not candidates:
            raise ValueError("SearchFusion: candidates must be at least one, got none.")
        for name, candidate in candidates.items():
            if not isinstance(candidate, Fusion):
                raise TypeError(f"SearchFusion: candidates must be fusions, got {type(candidate).__name__} as {name}.")
        self.names = tuple(candidates)
        self.candidates = nn.ModuleDict(dict(candidates))
        self.logits = nn.Parameter(torch.zeros(len(candidates)))

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        fused = [candidate(tokens) for candidate in self.each()]
        present = torch.stack([one.present for one in fused]).any(0)  # [B]
        return Tokens(self.mix([one.pool() for one in fused]).unsqueeze(1), present.unsqueeze(1))

    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        return self.bind(context)(anchor)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        bound = [candidate.bind(context) for candidate in self.each()]
        return lambda anchor: Tokens(self.mix([fuse(anchor).features for fuse in bound]), anchor.mask)

    def each(self) -> list[Fusion]:
        """The candidates, in order."""
        return list(self.candidates.values())  # type: ignore[arg-type]

    def mix(self, outputs: list[Tensor]) -> Tensor:
        """Weighted sum of the candidates' outputs, all of one shape."""
        weights = self.logits.float().softmax(0)
        return torch.stack([weight * out for weight, out in zip(weights.unbind(), outputs, strict=True)]).sum(0)

    def penalties(self) -> dict[str, Tensor]:
        named = zip(self.names, self.each(), strict=True)
        return {f"{name}_{term}": value for name, one in named for term, value in one.penalties().items()}

    def weights(self) -> dict[str, float]:
        return dict(zip(self.names, self.logits.detach().softmax(0).tolist(), strict=True))
