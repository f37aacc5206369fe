"""Any text model of transformers, pretrained."""

from __future__ import annotations

from mmexp.contract import Padded, Tokens
from mmexp.encoder.hf import HfEncoder
from mmexp.transform.hf_text import HfTextTransform


class HfTextEncoder(HfEncoder):
    """Encode text with a model of transformers and its own tokenizer, one token per piece.

    Source: Wolf et al. 2020, "Transformers: State-of-the-Art Natural Language Processing",
    https://aclanthology.org/2020.emnlp-demos.6. Differs: no pooling, since that is a part; a linear map to dim and
    LayerNorm follow.

    Args:
        dim: Width D of the tokens.
        model: Package, folder, or repository of the hub; see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        pretrained: Start from its weights; at random if not, which needs its config and tokenizer all the same.
        layer: Whose features are taken: 0 are the embeddings, k the output of block k, negative ones count from the
            last; None is the output of the model, with its last norm.
        max_length: Pieces at most, special ones included; None reads 128, or as many as the model has positions for.
        dropout: Probability of dropping a feature of the model.

    Shape:
        ids [B, L] -> Tokens [B, L, D].

    Raises:
        ConfigError: If the model is not there, is no text model, or does not fill its weights; if it has no such
            layer, or reads fewer pieces.
    """

    side = "text"
    transform: HfTextTransform

    def __init__(
        self,
        *,
        dim: int,
        model: str,
        revision: str | None = None,
        pretrained: bool = False,
        layer: int | None = None,
        max_length: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, model=model, revision=revision, pretrained=pretrained, layer=layer, dropout=dropout)
        self.transform = HfTextTransform(folder=str(self.files), max_length=self.backbone.length(max_length))

    def extract(self, inputs: Padded) -> Tokens:
        return Tokens(self.backbone(inputs.values, inputs.mask), inputs.mask)
