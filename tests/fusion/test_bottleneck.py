from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmexp.contract import Tokens
from mmexp.fusion.bottleneck import BottleneckFusion


@pytest.fixture
def fusion() -> BottleneckFusion:
    fusion = BottleneckFusion(dim=8, modalities=("text", "image", "audio"), num_bottlenecks=3, num_heads=2, depth=2)
    torch.nn.init.normal_(fusion.bottlenecks)
    return fusion.eval()


def plain(fusion: BottleneckFusion, real: dict[int, Tensor]) -> tuple[dict[int, Tensor], list[Tensor]]:
    """One sample, real tokens [N_m, D] by slot: tokens out, and the bottlenecks of each layer."""
    z, between = fusion.bottlenecks[0], []
    for layer in fusion.layers:
        out = {slot: layer[slot](torch.cat([x, z])[None], None)[0] for slot, x in real.items()}
        real = {slot: x[:-3] for slot, x in out.items()}
        z = sum(x[-3:] for x in out.values()) / len(out) if out else z
        between.append(z)
    return real, between


@pytest.mark.parametrize("row", [0, 1, 2])
def test_joint_form_agrees_with_one_sample_at_a_time(fusion, make_tokens, row):
    tokens = {"audio": make_tokens(1, 5, 0), "text": make_tokens(4, 2, 0), "image": make_tokens(3, 0, 0)}
    fused = fusion(tokens)
    slots = {fusion.slot(name): own for name, own in tokens.items()}
    real = {slot: own.features[row][own.mask[row]] for slot, own in slots.items() if own.present[row]}
    expected, between = plain(fusion, real)
    rows = [*expected.values(), *between[-1:]] if real else [torch.zeros(0, 8)]
    torch.testing.assert_close(fused.features[row][fused.mask[row]], torch.cat(rows))


@pytest.mark.parametrize("row", [0, 1])
def test_anchored_form_reads_the_bottlenecks_that_the_context_has_moved(fusion, make_tokens, row):
    text, image, audio = make_tokens(4, 2), make_tokens(3, 0), make_tokens(1, 0)
    fused = fusion.onto(text, {"image": image, "audio": audio}).features[row]
    real = {s: own.features[row][own.mask[row]] for s, own in ((1, image), (2, audio)) if own.present[row]}
    _, between = plain(fusion, real)
    for place in range(4):
        x = text.features[row, place][None]
        for layer, z in zip(fusion.layers, between, strict=True):
            x = layer[0](torch.cat([x, z])[None], None)[0][:1]
        torch.testing.assert_close(fused[place], x[0])


def test_nothing_passes_but_through_the_bottlenecks(fusion, make_tokens):
    text, image = make_tokens(4), make_tokens(3)
    one = BottleneckFusion(dim=8, modalities=("text", "image"), depth=1).eval()
    seen = one({"text": text, "image": image}).features
    moved = one({"text": text, "image": Tokens(-image.features, image.mask)}).features
    torch.testing.assert_close(seen[:, :4], moved[:, :4])
    assert not torch.allclose(seen[:, -4:], moved[:, -4:])


def test_no_bottleneck_is_refused():
    with pytest.raises(ValueError, match="BottleneckFusion: num_bottlenecks must be at least 1, got 0"):
        BottleneckFusion(dim=8, modalities=["text"], num_bottlenecks=0)
