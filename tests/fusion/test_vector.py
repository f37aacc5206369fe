from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmexp.contract import Tokens
from mmexp.fusion.vector import VectorFusion
from mmexp.pool.mean import MeanPool


class Listing(VectorFusion):
    """Keeps what it is asked to combine, and answers 100."""

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        self.vectors, self.present_ = vectors, present
        return torch.full_like(vectors[..., 0, :], 100.0)


@pytest.fixture
def fusion() -> Listing:
    return Listing(dim=8, modalities=("text", "image", "audio"), pool=MeanPool())


def test_joint_form_combines_pooled_vectors_in_the_order_of_the_slots(fusion, make_tokens):
    image, text = make_tokens(2, 3), make_tokens(0, 1)
    fused = fusion({"image": image, "text": text})
    assert fused.features.shape == (2, 1, 8) and fused.features.eq(100).all() and fused.mask.all()
    assert fusion.present_.tolist() == [[False, True, False], [True, True, False]]
    torch.testing.assert_close(fusion.vectors, torch.stack([text.pool(), image.pool(), torch.zeros(2, 8)], 1))


def test_anchored_form_pools_the_context_once_and_adds_to_each_anchor(fusion, make_tokens):
    text, audio = make_tokens(3, 1), make_tokens(2, 0)
    fused = fusion.onto(text, {"audio": audio})
    torch.testing.assert_close(fused.features, text.features + 100)
    assert fusion.vectors.shape == (2, 3, 3, 8)
    torch.testing.assert_close(fusion.vectors[:, :, 0], text.features)
    torch.testing.assert_close(fusion.vectors[:, :, 2], audio.pool()[:, None].expand(-1, 3, -1))
    assert not fusion.vectors[:, :, 1].any()
    assert fusion.present_[0].tolist() == [[True, False, True]] * 3
    assert fusion.present_[1].tolist() == [[True, False, False], [False] * 3, [False] * 3]


def test_vectors_of_absent_modalities_are_zero_whatever_the_pool_gives(make_tokens):
    class Ones(MeanPool):
        def forward(self, tokens: Tokens) -> Tensor:
            return torch.ones(len(tokens.features), 8)

    fusion = Listing(dim=8, modalities=("text",), pool=Ones())
    fusion({"text": make_tokens(0, 2)})
    assert fusion.vectors.sum((1, 2)).tolist() == [0, 8]
