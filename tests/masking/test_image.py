from __future__ import annotations

import torch
from torch.nn import functional as F

from mmexp.contract import Padded, Sample, Tokens
from mmexp.masking.image import GREY, ImageMasking
from mmexp.masking.patches import cut
from mmexp.transform.image import ImageTransform

SIDE, PATCH, DIM = 4, 4, 8


def make() -> ImageMasking:
    masking = ImageMasking(dim=DIM, ratio=0.5, side=SIDE, patch_size=PATCH)
    masking.prepare(ImageTransform(image_size=16))
    return masking.eval()


def images(*there: bool) -> Padded:
    return Padded(torch.randint(0, 256, (len(there), 3, 16, 16), dtype=torch.uint8), torch.tensor(there))


def test_masked_patches_are_grey_and_others_as_they_were():
    masking, own = make(), images(True, True)
    masked = masking.choose(own, ["a", "b"])
    shown, before = (cut(one.values, SIDE, PATCH) for one in (masking.cover(own, masked), own))
    assert (masked.sum(1) == SIDE**2 / 2).all()
    assert torch.allclose(shown[masked], torch.tensor(GREY / 255)) and torch.equal(shown[~masked], before[~masked])


def test_of_a_missing_image_nothing_is_masked():
    assert make().choose(images(False, True), ["a", "b"]).any(1).tolist() == [False, True]


def test_a_patch_is_predicted_from_the_tokens_at_its_place():
    masking, own = make(), images(True)
    masked = masking.choose(own, ["a"])
    features = torch.randn(1, 1 + SIDE**2, DIM)  # a class token comes first
    tokens = Tokens(features, torch.ones(1, 1 + SIDE**2, dtype=torch.bool))
    predicted = masking.predict(tokens, own, masked)
    torch.testing.assert_close(predicted, masking.head(features[:, 1:][masked]))
    true = cut(own.values, SIDE, PATCH)[masked]
    true = (true - true.mean(1, keepdim=True)) / (true.var(1, keepdim=True, correction=0) + 1e-6) ** 0.5
    expected = F.mse_loss(predicted, true, reduction="none").mean(1)
    torch.testing.assert_close(masking.errors(predicted, own, masked), expected, rtol=1e-3, atol=1e-3)


def test_the_plot_shows_what_was_masked_with_its_text():
    masking, own = make(), images(True, False)
    masked = masking.choose(own, ["photo/s0", "photo/s1"])
    filled = masking.shown(torch.zeros(int(masked.sum()), 3 * PATCH**2), own, masked)
    assert filled[0].shape == (16, 16, 3) and filled[1] is None
    rows = [{"id": f"s{i}", "masked_photo": one} for i, one in enumerate(filled)]
    samples = [Sample(row["id"], {"photo": filled[0], "text": "a red ball"}, {}) for row in rows]
    (figure,) = masking.plots("photo", rows, samples).values()
    assert [axes.get_title() for axes in figure.axes if axes.images] == ["a red ball\n"]
    assert masking.plots("photo", rows[1:], samples[1:]) == {}
