from __future__ import annotations

import itertools
import random
from collections import Counter

import numpy as np
import pytest

from mmexp.transform.alignment import Alignment, Parameters, align, best, meteor

HALVES = Parameters(alpha=0.5, beta=1, gamma=0.5)


@pytest.mark.parametrize(
    ("text", "reference", "matches", "chunks"),
    [
        ("a b c", "a b c d", 3, 1),
        ("a b d", "a b c d", 3, 2),
        ("d c b a", "a b c d", 4, 4),
        ("on the mat sat the cat", "the cat sat on the mat", 6, 3),
        ("a x b", "a b", 2, 2),
        ("a b", "a x b", 2, 2),
        ("x y", "a b", 0, 0),
        ("", "a", 0, 0),
        ("a", "", 0, 0),
        ("", "", 0, 0),
    ],
)
def test_matches_form_as_many_chunks_as_written_out_by_hand(text, reference, matches, chunks):
    text, reference = text.split(), reference.split()
    assert align(text, reference) == Alignment(matches, len(text), len(reference), chunks)


@pytest.mark.parametrize(
    ("text", "reference", "matches", "chunks"),
    [
        ("a a a a", "a", 1, 1),
        ("a", "a a a a", 1, 1),
        ("a b a", "a a b", 3, 2),  # "a b" and "a": the first token leaves the first place to the last
        ("the the dog", "the dog the", 3, 2),
        ("the dog", "the cat the dog", 2, 1),
        ("x a b a b", "a b", 2, 1),
    ],
)
def test_repeated_tokens_are_matched_once_each_in_the_fewest_chunks(text, reference, matches, chunks):
    found = align(text.split(), reference.split())
    assert (found.matches, found.chunks) == (matches, chunks)


def test_equal_texts_have_no_chunk_and_score_one():
    found = align(("a", "b", "a"), ["a", "b", "a"])
    assert found == Alignment(3, 3, 3, 0) and meteor(found, Parameters()) == 1


def fewest(text: tuple[str, ...], reference: tuple[str, ...]) -> int:
    """The fewest chunks of all alignments, one by one."""
    wanted = (Counter(text) & Counter(reference)).total()
    found = []
    for size in [wanted]:
        for chosen in itertools.combinations(range(len(text)), size):
            for partners in itertools.permutations(range(len(reference)), size):
                if all(text[i] == reference[j] for i, j in zip(chosen, partners, strict=True)):
                    pairs = list(zip(chosen, partners, strict=True))
                    breaks = sum((b[0] - a[0], b[1] - a[1]) != (1, 1) for a, b in itertools.pairwise(pairs))
                    found.append(breaks + 1 if size else 0)
    return min(found)


def test_no_alignment_has_fewer_chunks():
    draw = random.Random(0)
    for _ in range(150):
        text, reference = (tuple(draw.choices("abc", k=draw.randint(1, 5))) for _ in range(2))
        if text != reference:
            assert align(text, reference).chunks == fewest(text, reference), (text, reference)


def test_the_formula_is_that_of_the_paper():
    counts = Alignment(matches=4, length=5, reference=8, chunks=2)
    precision, recall, penalty = 4 / 5, 4 / 8, 0.6 * (2 / 4) ** 0.2
    mean = precision * recall / (0.85 * precision + 0.15 * recall)
    assert meteor(counts, Parameters()) == pytest.approx(mean * (1 - penalty))


def test_sums_of_many_are_scored_as_rows():
    rows = np.array([align(["a", "b"], ["b", "a"]), align(["a"], ["b"]), (0, 0, 0, 0)])
    assert meteor(rows, HALVES).tolist() == [0.5, 0, 0]
    assert meteor(rows.sum(0), HALVES) == pytest.approx(2 / 3 * 0.5)


def test_the_best_reference_counts_and_of_equal_ones_the_first():
    assert best(["a", "b"], [["b", "x", "a"], ["a", "b", "c"]], Parameters()).chunks == 1
    assert best(["x"], [["a", "b"], ["c"]], Parameters()).reference == 2
    assert best(["x"], [], Parameters()) == Alignment(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("alpha", -0.1, "alpha and gamma must be from 0 to 1, got -0.1 and 0.6"),
        ("gamma", 2, "alpha and gamma must be from 0 to 1, got 0.85 and 2"),
        ("beta", 0, "beta must be above 0, got 0"),
        ("beta", float("nan"), "beta must be above 0, got nan"),
    ],
)
def test_numbers_out_of_range_are_refused(field, value, rule):
    with pytest.raises(ValueError, match=rule):
        Parameters(**{field: value})


def test_a_long_reference_of_one_word_does_not_fill_the_memory():
    assert align(["a"] * 10, ["a"] * 20_000).chunks == 1
