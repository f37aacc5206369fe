from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    CLIPConfig,
    CLIPModel,
    GPT2Config,
    GPT2Model,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
)

from mmexp.error import ConfigError
from mmexp.layer.hf import Backbone, load_backbone, read_processor

IDS, MASK = torch.tensor([[2, 5, 6, 3]]), torch.ones(1, 4, dtype=torch.bool)
THIN = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}


def load(folder: str | Path, side: str = "text", layer: int | None = None, pretrained: bool = True) -> Backbone:
    return load_backbone(Path(folder), side, layer=layer, pretrained=pretrained).eval()


@pytest.fixture
def copy(tiny_bert: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "copy"))


def test_features_are_those_of_the_model_itself(tiny_bert: str):
    theirs = AutoModel.from_pretrained(tiny_bert).eval()
    torch.testing.assert_close(load(tiny_bert)(IDS, MASK), theirs(IDS).last_hidden_state)
    states = theirs(IDS, output_hidden_states=True).hidden_states
    for layer in (0, 1, -1):
        torch.testing.assert_close(load(tiny_bert, layer=layer)(IDS, MASK), states[layer])
    assert load(tiny_bert).width == 12


def test_a_random_start_has_other_weights(tiny_bert: str):
    torch.manual_seed(1)
    assert not torch.equal(load(tiny_bert, pretrained=False)(IDS, MASK), load(tiny_bert)(IDS, MASK))


def test_weights_are_single_precision_whatever_they_were_saved_as(copy: Path):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "dtype": "bfloat16"}))
    for pretrained in (True, False):
        assert {own.dtype for own in load(copy, pretrained=pretrained).parameters()} == {torch.float32}


def test_a_layer_that_is_none_is_refused(tiny_bert: str):
    with pytest.raises(ConfigError, match="layer must be from -3 to 2, got 3"):
        load(tiny_bert, layer=3)


def test_positions_are_those_of_the_model(tiny_bert: str):
    assert load(tiny_bert).length(None) == 32 and load(tiny_bert).length(7) == 7
    with pytest.raises(ConfigError, match="max_length must be from 1 to 32, got 33"):
        load(tiny_bert).length(33)
    roberta = RobertaModel(RobertaConfig(vocab_size=9, max_position_embeddings=20, **THIN))
    assert Backbone(roberta).length(None) == 18
    gpt = GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=2))
    assert Backbone(gpt).length(None) == 128 and Backbone(gpt).width == 8


def test_of_a_model_of_two_sides_the_one_that_is_asked_for_is_taken(tmp_path: Path):
    text, vision = THIN | {"vocab_size": 9, "max_position_embeddings": 10}, THIN | {"image_size": 16, "patch_size": 8}
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=4)).save_pretrained(tmp_path)
    assert load(tmp_path, "text")(IDS, MASK).shape == (1, 4, 8)
    assert load(tmp_path, "image")(torch.zeros(1, 3, 16, 16)).shape == (1, 5, 8)


def test_of_a_sequence_to_sequence_model_the_encoder_is_taken(tmp_path: Path):
    T5Model(T5Config(vocab_size=9, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)).save_pretrained(tmp_path)
    assert load(tmp_path)(IDS, MASK).shape == (1, 4, 8)


def test_a_model_of_another_input_is_refused(tiny_vit: str):
    with pytest.raises(ConfigError, match="text: model must read input_ids, got ViTModel, which reads pixel_values"):
        load(tiny_vit)


def test_weights_that_are_lacking_never_start_at_random(copy: Path):
    state = load_file(copy / "model.safetensors")
    name = next(one for one in state if "query.weight" in one)
    del state[name]
    save_file(state, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(ConfigError, match=rf"must have all of its weights, got no fitting '{name}' \(1 in all\)"):
        load(copy)


def test_a_pooler_may_be_lacking_as_it_is_not_used(copy: Path):
    state = {name: value for name, value in load_file(copy / "model.safetensors").items() if "pooler" not in name}
    save_file(state, copy / "model.safetensors", {"format": "pt"})
    assert load(copy).model.pooler is None


@pytest.mark.parametrize("content", [None, b"no weights", b""])
def test_files_that_are_none_are_refused(copy: Path, content: bytes | None):
    (copy / "model.safetensors").unlink() if content is None else (copy / "model.safetensors").write_bytes(content)
    with pytest.raises(ConfigError, match=f"model in {copy} must be one that transformers loads, got "):
        load(copy)


def test_a_pickle_is_not_read(copy: Path):
    state = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    torch.save(state, copy / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="must be one that transformers loads, got OSError"):
        load(copy)


def test_the_code_of_a_model_is_not_run(copy: Path):
    config = (copy / "config.json").read_text()
    (copy / "config.json").write_text(config.replace("{", '{"auto_map": {"AutoModel": "evil.Model"},', 1))
    (copy / "evil.py").write_text("raise RuntimeError('ran')")
    assert load(copy).width == 12


def test_how_images_are_wanted_is_read_where_it_is_said(tiny_vit: str, tiny_bert: str):
    assert read_processor(Path(tiny_vit))["image_mean"] == [0.1, 0.2, 0.3] and read_processor(Path(tiny_bert)) == {}
