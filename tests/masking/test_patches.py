from __future__ import annotations

import numpy as np
import torch

from mmexp.masking.patches import cut, fill, normalised

SIDE, PATCH = 4, 4


def test_patches_are_cut_in_rows():
    image = torch.arange(3 * 16 * 16).remainder(256).byte().view(1, 3, 16, 16)
    found = cut(image, SIDE, PATCH)[0]
    for place in range(SIDE**2):
        top, left = place // SIDE * PATCH, place % SIDE * PATCH
        expected = image[0, :, top : top + PATCH, left : left + PATCH].flatten() / 255
        torch.testing.assert_close(found[place], expected)
    assert cut(image, 2, 3).shape == (1, 4, 27)


def test_patches_are_normalised_one_by_one_and_a_plain_one_stays_finite():
    patches = torch.rand(2, 5, 12)
    patches[0, 0] = 0.5
    found, mean, deviation = normalised(patches)
    rows = patches.numpy()
    expected = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(found * deviation + mean, patches)


def test_what_is_predicted_exactly_gives_back_the_image():
    image = torch.randint(0, 256, (1, 3, 16, 16), dtype=torch.uint8)
    masked = torch.rand(1, SIDE**2) < 0.5
    exact = normalised(cut(image, SIDE, PATCH)[masked])[0]
    assert torch.equal(fill(image, masked, exact, PATCH), image.movedim(1, 3))
    other = fill(image, masked, -exact, PATCH) != image.movedim(1, 3)
    assert other.any() and torch.equal(cut(other.movedim(3, 1).byte(), SIDE, PATCH).any(2), masked)
