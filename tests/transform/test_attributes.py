from __future__ import annotations

import pytest

from mmexp.transform.attributes import AttributesTransform


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(["b", "a"], [1, 1, 0]), ("b", [0, 1, 0]), ([], [0, 0, 0]), (["a", "z"], [1, 0, 1]), ("ab", [0, 0, 1])],
)
def test_one_label_is_a_list_of_one(raw, expected):
    transform = AttributesTransform(classes=["a", "b"])
    labels = transform.collate([transform.prepare(raw), None])
    assert labels.values.values.tolist() == [expected, [0, 0, 0]] and labels.values.mask.tolist() == [True, False]
