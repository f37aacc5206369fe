from __future__ import annotations

import torch

from mmexp.encoder.tabular.embedding import EmbeddingEncoder
from mmexp.transform.tabular import TabularTransform

COLUMNS = [
    {"name": "age", "mean": 10.0, "std": 2.0},
    {"name": "city", "values": ["aa", "bb"]},
    {"name": "height", "mean": 0.0, "std": 1.0},
]


def make() -> EmbeddingEncoder:
    return EmbeddingEncoder(dim=8, transform=TabularTransform(columns=COLUMNS))


def tokens(encoder: EmbeddingEncoder, *rows: dict):
    return encoder(encoder.transform.collate(list(map(encoder.transform.prepare, rows))))


def test_a_token_is_the_bias_and_the_scaled_direction_or_the_category():
    encoder = make()
    age, city, height = tokens(encoder, {"age": 14, "city": "bb", "height": -3}).features[0]
    table, bias = encoder.table, encoder.bias
    torch.testing.assert_close(age, encoder.norm(bias[0] + 2 * table[1]))
    torch.testing.assert_close(city, encoder.norm(bias[1] + table[2 + 2]))
    torch.testing.assert_close(height, encoder.norm(bias[2] - 3 * table[5 + 1]))


def test_an_unknown_category_is_its_columns_bias_alone():
    encoder = make()
    torch.testing.assert_close(tokens(encoder, {"city": "zz"}).features[0, 1], encoder.norm(encoder.bias[1]))


def test_a_column_that_a_row_lacks_gives_no_token():
    found = tokens(make(), {"age": 3}, {"city": "aa", "height": 0}, {})
    assert found.mask.tolist() == [[True, False, False], [False, True, True], [False] * 3]


def test_every_value_that_is_read_gets_a_gradient_of_its_own():
    encoder = make()
    encoder.norm = torch.nn.Identity()
    tokens(encoder, {"age": 3, "city": "aa", "height": 2}).features.sum().backward()
    assert encoder.table.grad.any(1).tolist() == [False, True, False, True, False, False, True]
