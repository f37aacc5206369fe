from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from mmexp.error import DataError
from mmexp.transform.known import KnownTransform

TRIPLES = [["ann", "parent of", "bo"], ["ann", "parent of", "cy"], ["bo", "parent of~", "ann"], ["bo", "owns", "a cat"]]


@pytest.fixture
def transform(tmp_path: Path) -> KnownTransform:
    path = tmp_path / "triples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TRIPLES))
    return KnownTransform(triples=str(path), entities=["ann", "bo", "cy"])


def test_it_finds_every_right_answer_and_no_one_of_another_query(transform):
    assert transform.prepare(["ann", "parent of"])[1].tolist() == [1, 2]
    assert transform.prepare(("bo", "parent of~"))[1].tolist() == [0]
    assert transform.prepare(["cy", "parent of"])[1].tolist() == []


def test_what_is_no_entity_is_no_answer(transform):
    assert transform.prepare(["bo", "owns"])[1].tolist() == []


def test_a_batch_keeps_who_asked_and_marks_what_is_known(transform):
    known = transform.collate([transform.prepare(["ann", "parent of"]), None, transform.prepare(["bo", "parent of~"])])
    assert known.raw == [("ann", "parent of"), None, ("bo", "parent of~")]
    assert known.tails.mask.tolist() == [[True, True], [False, False], [True, False]]
    assert transform.collate([None]).tails.mask.tolist() == [[False]]


def test_it_travels_to_a_worker(transform):
    other = pickle.loads(pickle.dumps(transform))
    assert other.prepare(["ann", "parent of"])[1].tolist() == [1, 2]


def test_a_package_without_triples_measures_nothing(tmp_path: Path):
    transform = KnownTransform(triples=str(tmp_path / "none.jsonl"), entities=["ann", "bo"])
    with pytest.raises(DataError, match="triples must be there, got none: a package holds no training data"):
        transform.prepare(["ann", "parent of"])
