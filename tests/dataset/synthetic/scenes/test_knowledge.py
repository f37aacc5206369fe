from __future__ import annotations

import pytest

from mmexp.dataset.synthetic.scenes import knowledge
from mmexp.dataset.synthetic.scenes.knowledge import ENTITIES, FACTS, RELATIONS, known, questions, render
from mmexp.dataset.synthetic.scenes.scene import SPLITS, sample


def tails(head: str, relation: str) -> set[str]:
    return {tail for one, name, tail in known() if (one, name) == (head, relation)}


def test_no_fact_is_told_twice_and_all_names_are_listed():
    assert len(set(FACTS)) == len(FACTS) and len(set(ENTITIES)) == len(ENTITIES) == 117
    assert {head for head, _, _ in known()} == set(ENTITIES) == {tail for _, _, tail in known()}
    assert tuple(sorted({relation for _, relation, _ in known()})) == RELATIONS and len(RELATIONS) == 24


def test_a_fact_is_in_one_split_in_both_directions():
    asked = {split: set(questions(split)) for split in SPLITS}
    assert sum(map(len, asked.values())) == 2 * len(FACTS) and set().union(*asked.values()) == set(known())
    for split, rows in asked.items():
        forward = rows & set(FACTS)
        assert 2 * len(forward) == len(rows), split
        assert {(tail, f"{relation}~", head) for head, relation, tail in forward} == rows - forward


def test_each_split_has_its_share_and_training_knows_all_names():
    sizes = {split: len(questions(split)) / (2 * len(FACTS)) for split in SPLITS}
    assert sizes == pytest.approx({"train": 0.8, "val": 0.08, "test": 0.12}, abs=0.02)
    assert {head for head, _, _ in questions("train")} == set(ENTITIES)
    assert {relation for _, relation, _ in questions("train")} == set(RELATIONS)


@pytest.mark.parametrize("relation", ["married to", "sibling of", "colleague of"])
def test_it_holds_in_both_directions(relation: str):
    own = {(head, tail) for head, name, tail in FACTS if name == relation}
    assert own and own == {(tail, head) for head, tail in own}


@pytest.mark.parametrize(
    ("relation", "first", "second"),
    [
        ("grandparent of", "parent of", "parent of"),
        ("aunt or uncle of", "sibling of", "parent of"),
        ("lives in", "lives at", "lies in"),
    ],
)
def test_it_follows_from_two_others(relation: str, first: str, second: str):
    for head in ENTITIES:
        assert tails(head, relation) == {end for middle in tails(head, first) for end in tails(middle, second)}


def test_who_works_at_the_same_place_are_colleagues_of_one_trade():
    heads = {head for head, relation, _ in FACTS if relation == "works at"}
    assert heads
    for head in heads:
        (place,) = tails(head, "works at")
        staff = tails(place, "works at~")
        assert tails(head, "colleague of") == staff - {head}
        assert {trade for one in staff for trade in tails(one, "works as")} == {knowledge.TRADES[place]}


def test_families_live_together_and_no_one_marries_a_relative():
    children = {child for _, relation, child in FACTS if relation == "parent of"}
    couples = [(head, tail) for head, relation, tail in FACTS if relation == "married to"]
    single = children - {one for one, _ in couples}
    assert couples and single
    for one, other in couples:
        assert tails(one, "lives at") == tails(other, "lives at")
        elders = [tails(who, "parent of~") | tails(who, "grandparent of~") for who in (one, other)]
        assert not elders[0] & elders[1]
    for child in single:
        assert tails(child, "lives at") == {
            street for who in tails(child, "parent of~") for street in tails(who, "lives at")
        }


@pytest.mark.parametrize("split", SPLITS)
def test_the_scenes_of_a_split_ask_its_questions_in_turn_whatever_the_seed(split):
    asked = [render(sample(seed, split, index, 3)) for seed in (0, 7) for index in range(len(questions(split)) + 2)]
    assert asked == [*questions(split), *questions(split)[:2]] * 2
