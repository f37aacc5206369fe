from __future__ import annotations

from mmexp.transform.ngrams import by_order, closest_length, ngrams, union


def test_runs_of_tokens_are_counted_by_order():
    counts = ngrams("A dog, a dog!", "words")
    assert counts[("a", "dog")] == 2 and counts[("dog", "a", "dog")] == 1
    assert by_order(counts) == [4, 3, 2, 1] and by_order(ngrams("", "words")) == [0, 0, 0, 0]


def test_a_union_has_each_as_often_as_the_text_that_has_most():
    assert union(("a a", "a b"), "words") == {("a",): 2, ("a", "a"): 1, ("b",): 1, ("a", "b"): 1}


def test_the_shorter_of_two_equally_close_lengths_counts():
    assert (closest_length(5, [7, 3]), closest_length(5, [6, 3])) == (3, 6)
