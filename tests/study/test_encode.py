from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmexp.cache import store
from mmexp.config.compose import compose
from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError
from mmexp.study.encode import Vectors, encode


@pytest.fixture
def table(tmp_path: Path) -> str:
    rows = [{"id": "1", "title": "red thing"}, {"id": "2", "title": None}, {"id": "3", "title": "blue a"}]
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "4", "title": "red thing"}]))
    return str(path)


def nothing(done: int, total: int) -> None:
    """Watch no progress."""


def test_each_item_is_the_mean_of_its_features_and_is_encoded_once(table, tiny_bert, tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXP_CACHE", str(tmp_path / "cache"))
    words = ["encoder/text=hf", f"encoder.text.model={tiny_bert}", "hardware=cpu"]
    found = encode(compose(words), table, "Title", nothing)
    assert found.values[1] is None and np.array_equal(found.values[0], found.values[3])
    model = HfTextEncoder(dim=4, model=tiny_bert, pretrained=True).eval()
    tokens = model.extract(model.transform.collate([model.transform.prepare("red thing")])).pool()[0]
    np.testing.assert_allclose(found.values[0], tokens.detach().numpy(), rtol=1e-4, atol=1e-5)
    (kept,) = store.stores()
    assert kept.about["values"] == 2 and found.model == tiny_bert


def test_an_encoder_that_is_not_pretrained_is_refused(table):
    with pytest.raises(ConfigError, match=r"encoder\.text must come with weights, got TransformerEncoder") as caught:
        encode(compose(["hardware=cpu"]), table, "title", nothing)
    assert caught.value.hint == "Run: mmexp list encoder"
    with pytest.raises(ConfigError, match=r"COLUMN must be a column of id, title, got 'titel'.*'title'"):
        encode(compose(["hardware=cpu"]), table, "titel", nothing)


def test_vectors_are_written_as_an_array_or_as_one_more_column(tmp_path):
    vectors = Vectors("title", "m", [{"id": "1"}, {"id": "2"}], [np.array([0.5, 1 / 3], np.float32), None])
    assert "2 numbers" in vectors.write(tmp_path / "x.npy") and "title_features" in vectors.write(tmp_path / "x.jsonl")
    assert np.load(tmp_path / "x.npy").tolist() == [pytest.approx([0.5, 1 / 3]), [0, 0]]
    rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert rows == [{"id": "1", "title_features": [0.5, 0.3333]}, {"id": "2", "title_features": None}]
    with pytest.raises(ConfigError, match=r"--to must be a \.npy or a \.jsonl file, got '.*x\.csv'"):
        vectors.write(tmp_path / "x.csv")
