from __future__ import annotations

import pytest
import torch
from transformers import AutoModel

from mmexp.contract import Padded
from mmexp.encoder.words.hf import HfWordsEncoder


def test_a_word_is_the_feature_of_its_first_piece(tiny_bert: str):
    encoder = HfWordsEncoder(dim=8, model=tiny_bert, pretrained=True).eval()
    sentences = [["a", "things", "red"], ["blue"]]
    inputs = encoder.transform.collate([encoder.transform.prepare(one) for one in sentences])
    found = encoder.extract(inputs)
    theirs = AutoModel.from_pretrained(tiny_bert).eval()
    for row, places in enumerate([[1, 2, 4], [1]]):
        alone = theirs(encoder.transform.prepare(sentences[row])[0][None]).last_hidden_state[0]
        torch.testing.assert_close(found.features[row, : len(places)], alone[places])
    assert found.mask.tolist() == [[True] * 3, [True, False, False]] and encoder(inputs).features.shape == (2, 3, 8)


def test_ids_without_words_are_refused(tiny_bert: str):
    encoder = HfWordsEncoder(dim=8, model=tiny_bert)
    with pytest.raises(TypeError, match="inputs must be Pieces, got Padded"):
        encoder(Padded(torch.zeros(1, 2, dtype=torch.long), torch.ones(1, 2, dtype=torch.bool)))
