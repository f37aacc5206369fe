"""A pretrained text model over words that come one by one."""

from __future__ import annotations

from mmexp.contract import Padded, Tokens
from mmexp.encoder.hf import HfEncoder
from mmexp.transform.hf_words import HfWordsTransform, Pieces


class HfWordsEncoder(HfEncoder):
    """Encode split words with a text model of transformers, each by its first piece.

    Source: Devlin et al. 2019, "BERT", https://aclanthology.org/N19-1423, sec. 5.3. Differs: LayerNorm after a linear
    map to dim.

    Args:
        dim: Width D of the tokens.
        model: Package, folder, or repository of the hub; see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        pretrained: Start from its weights; at random if not, which needs its config and tokenizer all the same.
        layer: Whose features are taken, as in ``mmexp.layer.hf.Backbone``.
        max_length: Words at most.
        dropout: Probability of dropping a feature of the model.

    Shape:
        words of L, in pieces -> Tokens [B, L, D].

    Raises:
        ConfigError: If the model is not there, is no text model, has no such layer, or does not fill its weights.
    """

    side = "text"
    transform: HfWordsTransform

    def __init__(
        self,
        *,
        dim: int,
        model: str,
        revision: str | None = None,
        pretrained: bool = False,
        layer: int | None = None,
        max_length: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, model=model, revision=revision, pretrained=pretrained, layer=layer, dropout=dropout)
        pieces = self.backbone.length(None)
        self.transform = HfWordsTransform(folder=str(self.files), max_length=max_length, max_pieces=pieces)

    def extract(self, inputs: Padded) -> Tokens:
        if not isinstance(inputs, Pieces):
            raise TypeError(f"HfWordsEncoder: inputs must be Pieces, got {type(inputs).__name__}.")
        features = self.backbone(inputs.values, inputs.mask)  # [B, P, C]
        places = inputs.first.unsqueeze(-1).expand(-1, -1, features.shape[-1])
        return Tokens(features.gather(1, places), inputs.words)  # [B, L, C]
