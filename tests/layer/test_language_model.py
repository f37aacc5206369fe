from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    BertLMHeadModel,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
)

from mmexp.error import ConfigError
from mmexp.layer.language_model import LanguageModel, load_language_model

THIN = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
MLP = {**THIN, "intermediate_size": 8}
WINDOW = {"num_key_value_heads": 1, "head_dim": 4, "sliding_window": 4}
BUILT = {
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=20, n_embd=8, n_layer=2, n_head=2, n_positions=16)),
    "opt": lambda: OPTForCausalLM(OPTConfig(**THIN, word_embed_proj_dim=4, ffn_dim=8, max_position_embeddings=16)),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**MLP, num_key_value_heads=1)),
    "gemma2": lambda: Gemma2ForCausalLM(Gemma2Config(**MLP, **WINDOW)),  # which sees four positions back
    "bert": lambda: BertLMHeadModel(BertConfig(**MLP, is_decoder=True)),
}


@pytest.mark.parametrize("name", BUILT)
@torch.no_grad()
def test_reading_on_gives_what_reading_at_once_gives_whatever_rows_follow(name: str):
    model = LanguageModel(BUILT[name]()).eval()
    vectors = torch.randn(3, 9, model.width)
    whole = model(vectors)
    logits, past = model.read(vectors[:, :4], None)
    torch.testing.assert_close(logits, whole[:, 3])
    rows = torch.tensor([0, 0, 2, 1, 2])  # as beam search takes them
    past = past.select(rows)
    for i in range(4, 9):
        logits, past = model.read(vectors[rows, i : i + 1], past)
        torch.testing.assert_close(logits, whole[rows, i])


@torch.no_grad()
def test_what_follows_the_real_vectors_changes_nothing(tiny_gpt2: str):
    model = load_language_model(Path(tiny_gpt2), pretrained=True).eval()
    long = torch.randn(2, 7, model.width)
    torch.testing.assert_close(model(long)[:, :4], model(long[:, :4]))


@torch.no_grad()
def test_over_the_vectors_of_words_it_is_the_model_itself(tiny_gpt2: str):
    model = load_language_model(Path(tiny_gpt2), pretrained=True).eval()
    theirs = AutoModelForCausalLM.from_pretrained(tiny_gpt2)
    ids = torch.randint(0, 50, (2, 6))
    torch.testing.assert_close(model(model.words(ids)), theirs.eval()(ids).logits)
    assert model.positions == 48 and model.settings["n_layer"] == 2
    assert not torch.equal(load_language_model(Path(tiny_gpt2), pretrained=False).words.weight, model.words.weight)


def test_a_model_that_sees_what_follows_is_refused():
    for seed in range(3):
        torch.manual_seed(seed)
        with pytest.raises(ConfigError, match="BertLMHeadModel: model must be causal, got one whose words depend on"):
            LanguageModel(BertLMHeadModel(BertConfig(**MLP)))


def test_a_model_without_keys_and_values_is_refused():
    with pytest.raises(ConfigError, match=r"Mamba.*: model must take inputs_embeds and past_key_values, got"):
        LanguageModel(MambaForCausalLM(MambaConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1)))
