from __future__ import annotations

import pytest

from mmexp.transform.label import UNSEEN
from mmexp.transform.tags import TagsTransform, repaired

TAGS = ["O", "B-x", "I-x", "B-y", "I-y"]


@pytest.mark.parametrize(
    ("tags", "legal"),
    [
        ("", ""),
        ("I-x I-x O", "B-x I-x O"),
        ("O I-x B-x I-x", "O B-x B-x I-x"),
        ("B-x I-y I-y I-x", "B-x B-y I-y B-x"),
    ],
)
def test_an_entity_without_a_beginning_gets_one(tags, legal):
    assert repaired(tags.split()) == legal.split()


def test_tags_become_numbers_and_are_kept_as_they_are_but_for_beginnings():
    transform = TagsTransform(tags=TAGS)
    rows = [["I-x", "I-x", "O"], ["B-z"], []]
    tags = transform.collate([transform.prepare(rows[0]), None, transform.prepare(rows[1]), transform.prepare(rows[2])])
    assert tags.values.values.tolist() == [[1, 2, 0], [UNSEEN] * 3, [UNSEEN] * 3, [UNSEEN] * 3]
    assert tags.values.mask.sum(1).tolist() == [3, 0, 1, 0]
    assert tags.raw == [["B-x", "I-x", "O"], None, *rows[1:]]
