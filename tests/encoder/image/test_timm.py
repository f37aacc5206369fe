from __future__ import annotations

import pytest
import timm
import torch
from safetensors.torch import save_file

from mmexp.contract import Padded
from mmexp.encoder.image.timm import TimmEncoder
from mmexp.error import ConfigError
from mmexp.transform.image import ImageTransform


def make(model: str, size: int = 32, **settings: object) -> TimmEncoder:
    return TimmEncoder(dim=8, transform=ImageTransform(image_size=size), model=model, **settings).eval()


@pytest.mark.parametrize(("model", "size", "places"), [("test_resnet", 64, 4), ("test_vit", 64, 17)])
def test_it_gives_timms_unpooled_features(model, size, places):
    encoder = make(model, size)
    pixels = torch.randn(2, 3, size, size)
    theirs = encoder.backbone.forward_features(pixels)
    expected = theirs if theirs.ndim == 3 else theirs.flatten(2).mT
    assert torch.equal(encoder.cells(pixels), expected) and expected.shape[1] == places
    tokens = encoder(Padded(torch.zeros(2, 3, size, size, dtype=torch.uint8), torch.tensor([True, False])))
    assert tokens.features.shape == (2, places, 8) and tokens.present.tolist() == [True, False]


def test_channels_last_features_become_the_same_tokens():
    encoder, grid = make("test_resnet"), torch.randn(2, 96, 3, 2)
    encoder.backbone.forward_features = lambda pixels: grid.permute(0, 2, 3, 1)
    assert torch.equal(encoder.cells(torch.empty(0)), grid.flatten(2).mT)


def test_it_normalises_as_the_model_was_trained():
    mean = make("resnet18").mean.flatten() / 255
    torch.testing.assert_close(mean, torch.tensor(timm.get_pretrained_cfg("resnet18").mean))


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
@pytest.mark.parametrize("num_classes", [0, 7])
def test_it_starts_from_a_local_file_with_or_without_its_classifier(tmp_path, suffix, num_classes):
    path, state = tmp_path / f"weights.{suffix}", timm.create_model("test_resnet", num_classes=num_classes).state_dict()
    save_file(state, path) if suffix == "safetensors" else torch.save(state, path)
    loaded = make("test_resnet", weights=str(path)).backbone.state_dict()
    assert len(loaded) > 50 and all(torch.equal(value, state[name]) for name, value in loaded.items())


def test_a_vit_takes_weights_of_another_image_size(tmp_path):
    theirs = timm.create_model("test_vit", num_classes=0, img_size=64)
    torch.save(theirs.state_dict(), tmp_path / "weights.pt")
    encoder = make("test_vit", 64, weights=str(tmp_path / "weights.pt"))
    pixels = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(encoder.cells(pixels), theirs.eval().forward_features(pixels))


def test_weights_that_do_not_fill_the_model_are_refused(tmp_path):
    state = timm.create_model("test_resnet").state_dict()
    missing = next(iter(state))
    del state[missing]
    torch.save(state, tmp_path / "weights.pt")
    with pytest.raises(ConfigError, match=rf"weights of test_resnet must be reachable and fill it, got .*{missing}"):
        make("test_resnet", weights=str(tmp_path / "weights.pt"))


@pytest.mark.parametrize("content", [b"", b"no weights"])
@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_without_weights_is_refused_with_what_to_type(tmp_path, suffix, content):
    path = tmp_path / f"weights.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="weights of test_resnet must be reachable and fill it, got ") as error:
        make("test_resnet", weights=str(path))
    assert "encoder.image.weights to a file" in error.value.hint


def test_an_unknown_model_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"model must be one of timm's, got 'resnet19'\. Did you mean 'resnet1"):
        make("resnet19")


def test_an_image_size_the_model_does_not_take_is_refused():
    with pytest.raises(ConfigError, match=r"image_size must suit test_vit, got 50: .*50.* divisible"):
        make("test_vit", 50)
