from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from mmexp.dataset.catalogue import catalogue
from mmexp.error import DataError
from mmexp.transform.catalogue import Catalogue

CONTENT = {"colour": {"ball": [1.0, 0.0], "cube": [0.0, 1.0]}, "weight": {"cube": [3.0]}}


def write(path: Path, rows: list[object]) -> str:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return str(path)


def test_what_a_dataset_writes_is_read_and_what_an_item_lacks_is_zero(tmp_path):
    rows = list(catalogue(["ball", "cube"], ["cube", "cube"], CONTENT))
    found = Catalogue.read(write(tmp_path / "c.jsonl", rows))
    assert found.items == ("ball", "cube") and found.counts.tolist() == [0, 2]
    assert found.content().tolist() == [[1, 0, 0], [0, 1, 3]]
    assert found.content(["weight"]).tolist() == [[0], [3]] and found.content([]).shape == (2, 0)


def test_items_may_be_known_by_name_alone(tmp_path):
    found = Catalogue.read(write(tmp_path / "c.jsonl", list(catalogue(["ball", "cube"], []))))
    torch.testing.assert_close(found.content(), torch.zeros(2, 0))
    with pytest.raises(ValueError, match=r"content must be of none, got 'colour'"):
        found.content(["colour"])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nonsense", "c.jsonl:2: catalogue must hold an item, its count and its content, got 'nonsense'"),
        ({"item": 3, "count": 1, "content": {}}, "item must be a text and count a whole number"),
        ({"item": "cube", "content": {}}, "catalogue must hold an item, its count and its content"),
        ({"item": "cube", "count": 1, "content": {"colour": [1.0]}}, "colour must be 2 numbers"),
        ({"item": "ball", "count": 1, "content": {}}, "catalogue must hold two items at least, each once, got 1"),
    ],
)
def test_what_is_no_catalogue_is_refused(tmp_path, line, fault):
    first = {"item": "ball", "count": 1, "content": {"colour": [1.0, 2.0]}}
    with pytest.raises(DataError, match=fault):
        Catalogue.read(write(tmp_path / "c.jsonl", [first, line]))
