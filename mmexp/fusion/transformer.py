"""A single-stream transformer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.token import TokenFusion, block_beside, keys_values
from mmexp.layer.attention import SelfAttentionBlock, watched
from mmexp.layer.rollout import through


class TransformerFusion(TokenFusion):
    """Fuse by self-attention over the tokens of all modalities: ``Transformer([x_1; ...; x_M])``.

    Anchored: the context goes through the blocks by itself, and in each block an anchor position sees itself and the
    context as it is there, as in a prefix language model whose words do not attend to one another.

    Source: Li et al. 2019, "VisualBERT", https://arxiv.org/abs/1908.03557, sec. 3.2; Chen et al. 2020, "UNITER",
    https://arxiv.org/abs/1909.11740, sec. 3.1; the prefix: Raffel et al. 2020, "T5", https://arxiv.org/abs/1910.10683,
    sec. 3.2. Differs: pre-norm, and neither positions nor a last norm, which the encoders and the heads bring.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        num_heads: Attention heads.
        depth: Self-attention blocks.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature.

    Shape:
        joint {m: [B, N_m, D]} -> [B, sum of N_m, D]; anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        num_heads: int = 4,
        depth: int = 2,
        mlp_ratio: float = 4.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        every = self.gather(tokens)
        x = every.features
        for block in self.blocks:
            x = block(x, every.mask)
        return Tokens(x, every.mask)

    def attended(self, tokens: Mapping[str, Tokens]) -> Tensor:
        with watched(self.blocks) as seen:
            self(tokens)
        return through(seen)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        others = self.gather(context)
        states = [others.features]
        for block in self.blocks[:-1]:
            states.append(block(states[-1], others.mask))
        projected = [keys_values(block, state) for block, state in zip(self.blocks, states, strict=True)]  # type: ignore[arg-type]

        def fuse(anchor: Tokens) -> Tokens:
            x = self.mark(self.modalities[0], anchor).features
            for block, (keys, values) in zip(self.blocks, projected, strict=True):
                x = block_beside(block, x, keys, values, others.mask)  # type: ignore[arg-type]
            return Tokens(x, anchor.mask)

        return fuse
