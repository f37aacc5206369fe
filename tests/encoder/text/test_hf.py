from __future__ import annotations

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError

TEXTS = ["a red thing", "blue"]


def make(folder: str, **settings: object) -> HfTextEncoder:
    return HfTextEncoder(dim=8, model=folder, pretrained=True, **settings).eval()


def test_its_features_are_those_of_the_model_and_its_tokenizer(tiny_bert: str):
    encoder = make(tiny_bert)
    inputs = encoder.transform.collate([encoder.transform.prepare(text) for text in TEXTS])
    found = encoder.extract(inputs)
    asked = AutoTokenizer.from_pretrained(tiny_bert)(TEXTS, padding=True, return_tensors="pt")
    theirs = AutoModel.from_pretrained(tiny_bert).eval()(**asked).last_hidden_state
    torch.testing.assert_close(found.features[found.mask], theirs[asked["attention_mask"].bool()])
    tokens = encoder(inputs)
    assert tokens.features.shape == (2, 5, 8) and tokens.mask.sum(1).tolist() == [5, 3]


def test_padding_changes_no_token_and_a_missing_text_is_finite(tiny_bert: str):
    encoder = make(tiny_bert)
    alone = encoder(encoder.transform.collate([encoder.transform.prepare("blue")]))
    beside = encoder(
        encoder.transform.collate([encoder.transform.prepare("blue"), None, encoder.transform.prepare(TEXTS[0])])
    )
    torch.testing.assert_close(beside.features[0, :3], alone.features[0])
    assert beside.features.isfinite().all() and beside.present.tolist() == [True, False, True]


def test_where_its_weights_come_from_is_known(tiny_bert: str):
    assert make(tiny_bert).origin.pretrained and make(tiny_bert).origin.model == tiny_bert
    assert not HfTextEncoder(dim=8, model=tiny_bert).origin.pretrained


def test_more_pieces_than_the_model_reads_are_refused(tiny_bert: str):
    assert make(tiny_bert).transform.max_length == 32
    with pytest.raises(ConfigError, match="max_length must be from 1 to 32, got 64"):
        make(tiny_bert, max_length=64)
