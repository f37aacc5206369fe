from __future__ import annotations

import pytest

from mmexp.dataset.kind.tags import TagsKind, read_tags
from mmexp.dataset.kind.words import WordsKind
from mmexp.dataset.table.classes import classes_in
from mmexp.dataset.table.rows import Fields, Row


def test_tags_are_bio():
    assert read_tags("O B-x I-x") == ["O", "B-x", "I-x"]
    for wrong in ("PER", "B-", "o", "S-x"):
        with pytest.raises(ValueError, match=f"must be O, B-<type> or I-<type>, got '{wrong}'"):
            read_tags(["O", wrong])


def test_words_need_a_tag_each():
    fields = Fields({"words": WordsKind()}, {"tags": TagsKind()})
    for inputs, tags in (({"words": ["a", "b"]}, ["O", "O"]), ({}, ["O"])):
        TagsKind().check("tags", tags, Row("a", "m:1", inputs, {"tags": tags}, fields), {})
    with pytest.raises(ValueError, match="must be one for each word, got 1 for the 2 of words"):
        TagsKind().check("tags", ["O"], Row("a", "m:1", {"words": ["a", "b"]}, {"tags": ["O"]}, fields), {})


def test_tags_are_classed_as_they_are_scored_and_those_that_are_not_as_written_are_counted() -> None:
    cells = [["I-ORG", "I-ORG", "O", "B-ORG", "I-PER"], "O I-ORG", None, ["S-ORG"]]
    kind = TagsKind().for_column([{"tags": cell} for cell in cells], "tags", {})
    assert classes_in(kind, [cells[0]]) == ["B-ORG", "B-PER", "I-ORG", "O"]
    assert kind.notes("tags") == [
        "tags: 3 I- continue no entity of their type, and are learnt and scored as the B- of one"
    ]
    assert TagsKind().for_column([{"tags": ["B-ORG", "I-ORG"]}], "tags", {}).notes("tags") == []
