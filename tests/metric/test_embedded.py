from __future__ import annotations

import pytest
import torch

from mmexp.error import ConfigError
from mmexp.metric.embedded import Embedded, Embedder, embedder

CPU = torch.device("cpu")
TEXTS = ["red thing", "a", "blue things 1 2 3", ""]


def direct(folder: str, text: str, layer: int | None = None) -> torch.Tensor:
    """Unit vectors of the pieces between [CLS] and [SEP], of one text by itself."""
    from transformers import AutoModel, AutoTokenizer

    given = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        found = AutoModel.from_pretrained(folder).eval()(**given, output_hidden_states=True)
    features = found.last_hidden_state if layer is None else found.hidden_states[layer]
    return torch.nn.functional.normalize(features[0, 1:-1], dim=-1)


@pytest.mark.parametrize("layer", [None, 0, 1, -2])
def test_vectors_are_those_of_transformers_whatever_is_padded(tiny_bert, layer):
    found = embedder(tiny_bert, None, layer, None).embed(TEXTS, CPU)
    assert [*sorted(found)] == sorted(TEXTS)
    for text in TEXTS:
        torch.testing.assert_close(found[text].vectors, direct(tiny_bert, text, layer), atol=1e-5, rtol=1e-5)
        assert found[text].ids.shape == found[text].vectors.shape[:1] and not found[text].cut


def test_a_text_without_pieces_has_no_vector(tiny_bert, tiny_gpt2):
    for folder in (tiny_bert, tiny_gpt2):  # that of GPT-2 sets nothing around a text
        found = embedder(folder, None, None, None).embed([""], CPU)[""]
        assert found.ids.shape == (0,) and found.vectors.shape == (0, 12)


def test_unknown_words_are_pieces_as_others_are_and_texts_in_other_scripts_are_read(tiny_bert, tiny_gpt2):
    assert len(embedder(tiny_bert, None, None, None).embed(["猫 zebra"], CPU)["猫 zebra"].ids) == 2
    assert len(embedder(tiny_gpt2, None, None, None).embed(["قطة"], CPU)["قطة"].ids) == len("قطة".encode())
    assert len(embedder(tiny_bert, None, None, None).embed(["a \ud800"], CPU)["a \ud800"].ids) == 2


def test_long_texts_are_cut_and_say_so(tiny_bert):
    found = embedder(tiny_bert, None, None, 4).embed(["a b", "a b c"], CPU)
    assert [(len(one.ids), one.cut) for one in found.values()] == [(2, False), (2, True)]
    torch.testing.assert_close(found["a b"].vectors, found["a b c"].vectors)


def test_a_model_is_read_once_and_is_not_trained(tiny_bert):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    embedder.cache_clear()
    one = embedder(tiny_bert, None, None, None)
    assert torch.rand(1) == expected  # reading it draws nothing from the chance of a run
    assert embedder(tiny_bert, None, None, None) is one and isinstance(one, Embedder)
    assert not one.model.training and not any(weight.requires_grad for weight in one.model.parameters())
    assert isinstance(one.embed(["a"], CPU)["a"], Embedded)


@pytest.mark.parametrize(
    ("layer", "length", "rule"), [(5, None, "layer must be from -3 to 2, got 5"), (None, 99, "max_length must be")]
)
def test_a_layer_or_length_that_the_model_lacks_is_refused(tiny_bert, layer, length, rule):
    with pytest.raises(ConfigError, match=rule):
        embedder(tiny_bert, None, layer, length)


def test_a_model_that_is_not_there_or_reads_no_text_is_refused(tiny_vit):
    with pytest.raises(ConfigError, match="model must be a path that exists"):
        embedder("./nowhere", None, None, None)
    with pytest.raises(ConfigError, match="text: model must read input_ids, got ViTModel"):
        embedder(tiny_vit, None, None, None)
