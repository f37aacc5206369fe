from __future__ import annotations

from mmexp.dataset.catalogue import catalogue


def test_each_item_tells_how_often_it_was_taken_and_what_is_known_of_it():
    rows = list(catalogue(["a", "b"], iter("bcb"), {"size": {"a": [1.0, 2.0]}}))
    assert rows == [
        {"item": "a", "count": 0, "content": {"size": [1.0, 2.0]}},
        {"item": "b", "count": 2, "content": {}},
    ]
