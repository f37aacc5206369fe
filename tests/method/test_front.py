from __future__ import annotations

import pytest
from torch import nn

from mmexp.decoder.hf import HfDecoder
from mmexp.encoder.image.hf import HfImageEncoder
from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError
from mmexp.layer.front import Front, Prompt
from mmexp.method.front import FrontMethod
from mmexp.transform.image import ImageTransform


class Some(FrontMethod):
    def front(self, model: nn.Module) -> Front:
        return Prompt(model, self.length)


def model(**encoders: nn.Module) -> nn.Module:
    return nn.ModuleDict({"encoders": nn.ModuleDict(encoders), "task": nn.Linear(4, 2)})


def test_what_is_trained_of_a_backbone_is_what_stands_in_front(tiny_bert: str):
    built = model(text=HfTextEncoder(dim=4, model=tiny_bert, pretrained=True, max_length=20))
    Some(length=5).prepare(built)
    inside = [name for name, weight in built.named_parameters() if weight.requires_grad and ".backbone." in name]
    assert inside == ["encoders.text.backbone.front.vectors"]


def test_an_encoder_that_reads_no_words_is_refused_and_named(tiny_bert: str, tiny_vit: str):
    text = HfTextEncoder(dim=4, model=tiny_bert, pretrained=True, max_length=8)
    image = HfImageEncoder(dim=4, model=tiny_vit, transform=ImageTransform(image_size=16), pretrained=True)
    with pytest.raises(ConfigError, match="must be a model of transformers that reads words, got that of image"):
        Some(length=5).prepare(model(text=text, image=image))
    Some(encoders=["text"], length=5).prepare(model(text=text, image=image))


def test_more_positions_than_are_left_are_refused(tiny_bert: str, tiny_gpt2: str):
    with pytest.raises(ConfigError, match="length must be at most the 12 positions left of text, got 13"):
        Some(length=13).prepare(model(text=HfTextEncoder(dim=4, model=tiny_bert, pretrained=True, max_length=20)))
    decoder = HfDecoder(dim=4, model=tiny_gpt2, pretrained=True, max_length=20)
    with pytest.raises(ConfigError, match=r"at most the 18 positions left of task\.decoder, got 20"):
        Some().prepare(nn.ModuleDict({"task": nn.ModuleDict({"decoder": decoder})}))


def test_a_length_below_one_is_refused():
    with pytest.raises(ValueError, match="Some: length must be at least 1, got 0"):
        Some(length=0)
