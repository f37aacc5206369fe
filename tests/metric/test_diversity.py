from __future__ import annotations

import pytest
import torch

from mmexp.metric.diversity import Distinct, Length

TEXTS = ["a red ball", "A red, red box!", "two", ""]
ONE = [["any"]] * len(TEXTS)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_distinct_is_the_share_of_different_n_grams(order):
    grams = []
    for text in ("a red ball", "a red red box", "two"):
        row = text.split()
        grams += [tuple(row[i + k] for k in range(order)) for i in range(len(row) - order + 1)]
    metric = Distinct(order=order)
    metric.update(TEXTS[:1], ONE[:1])
    metric.update(TEXTS[1:], ONE[1:])
    assert metric.compute() == pytest.approx(len(set(grams)) / len(grams))


def test_length_is_the_mean_number_of_words():
    metric = Length()
    metric.update(TEXTS, ONE)
    assert metric.compute() == pytest.approx((3 + 4 + 1 + 0) / 4)


@pytest.mark.parametrize("metric", [Distinct(order=1), Length()])
def test_samples_without_references_do_not_count(metric):
    metric.reset()
    metric.update(["a a a a"], [[]])
    assert metric.compute().isnan()
    metric.update(["a a a a", "a b"], [[], ["any"]])
    assert metric.compute() == {Distinct: 1, Length: 2}[type(metric)]


def test_n_grams_of_two_processes_add_up():
    parts = [Distinct(order=2), Distinct(order=2)]
    for metric, text in zip(parts, ["a red ball", "a red box"], strict=True):
        metric.update([text], [["any"]])
    both = Distinct(order=2)
    both.grams = [torch.cat(part.grams) for part in parts]
    both._update_count = 1
    assert both.compute() == pytest.approx(3 / 4)


def test_an_order_beyond_four_is_refused():
    with pytest.raises(ValueError, match="order must be 1 to 4, got 0"):
        Distinct(order=0)
