from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, DynamicCache, Gemma2Config, Gemma2ForCausalLM, GPT2Config, GPT2Model

from mmexp.error import ConfigError
from mmexp.layer.front import KeyValuePrefix, Prompt
from mmexp.layer.hf import Backbone
from mmexp.layer.language_model import LanguageModel, load_language_model

THIN = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8}
IDS, MASK = torch.tensor([[2, 5, 6, 3], [2, 4, 3, 0]]), torch.tensor([[True] * 4, [True] * 3 + [False]])


def gpt2() -> GPT2Model:
    return GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=2, n_head=2, n_positions=16)).eval()


@pytest.mark.parametrize("make", [gpt2, lambda: BertModel(BertConfig(vocab_size=9, **THIN)).eval()])
@torch.no_grad()
def test_a_prompt_of_words_is_those_words(make):
    model = make()
    backbone = Backbone(model)
    backbone.front = Prompt(model, 2)
    backbone.front.vectors.copy_(model.get_input_embeddings().weight[[7, 8]])
    longer = torch.cat([torch.tensor([[7, 8]] * 2), IDS], 1)
    real = torch.cat([torch.ones(2, 2, dtype=torch.bool), MASK], 1)
    expected = model(longer, attention_mask=real.long()).last_hidden_state[:, 2:]
    torch.testing.assert_close(backbone(IDS, MASK)[MASK], expected[MASK])


@torch.no_grad()
def test_keys_and_values_of_words_are_those_words():
    model = gpt2()
    backbone = Backbone(model)
    backbone.front = KeyValuePrefix(model, 2)
    known = model(torch.tensor([[7, 8]]), use_cache=True).past_key_values
    for own, theirs in zip(backbone.front.states, (x for k, v, *_ in known for x in (k, v)), strict=True):
        own.copy_(theirs)
    expected = model(torch.cat([torch.tensor([[7, 8]] * 2), IDS], 1)).last_hidden_state[:, 2:]
    torch.testing.assert_close(backbone(IDS, MASK)[MASK], expected[MASK])


@pytest.mark.parametrize("front", [Prompt, KeyValuePrefix])
def test_a_language_model_reads_it_once_with_a_cache_and_as_without(tiny_gpt2: str, front):
    model = load_language_model(Path(tiny_gpt2), pretrained=True).eval().requires_grad_(False)
    vectors = torch.randn(2, 6, model.width)
    plain = model(vectors)
    model.front = front(model.model, 3)
    whole = model(vectors)
    assert whole.shape == plain.shape and not torch.allclose(whole, plain, atol=1e-3)
    with torch.no_grad():
        logits, past = model.read(vectors[:, :3], None)
        torch.testing.assert_close(logits, whole[:, 2])
        past = past.select(torch.tensor([1, 0]))
        for i in range(3, 6):
            logits, past = model.read(vectors[[1, 0], i : i + 1], past)
            torch.testing.assert_close(logits, whole[[1, 0], i])
    whole.square().sum().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in model.front.parameters())


def test_it_begins_at_the_scale_of_what_it_stands_for():
    model = gpt2()
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)
    words = model.get_input_embeddings().weight
    assert float((Prompt(model, 200).vectors.std() / words.std()).detach()) == pytest.approx(1, abs=0.1)
    states = KeyValuePrefix(model, 200).states
    assert len(states) == 4 and all(one.shape == (1, 2, 200, 4) for one in states)
    known = model(inputs_embeds=words[None, :2], use_cache=True).past_key_values
    assert isinstance(known, DynamicCache)
    assert float((states[0].std() / known.layers[0].keys.std()).detach()) == pytest.approx(1, abs=0.1)


def test_a_model_without_keys_and_values_is_refused():
    with pytest.raises(ConfigError, match="BertModel: model must read keys and values that come before, got one that"):
        KeyValuePrefix(BertModel(BertConfig(vocab_size=9, **THIN)), 2)


def test_a_model_that_forgets_what_is_far_back_is_refused():
    config = Gemma2Config(vocab_size=9, num_key_value_heads=1, head_dim=4, sliding_window=4, **THIN)
    with pytest.raises(ConfigError, match="Gemma2ForCausalLM: model must keep all keys and values, got one that sees"):
        KeyValuePrefix(LanguageModel(Gemma2ForCausalLM(config)).model, 2)
