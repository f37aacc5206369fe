from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from mmexp.dataset.synthetic.interactions.rule import BLANK, PLACES, RULES, SYMBOLS

every = pytest.mark.parametrize("name", RULES)


def drawn(name: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Symbols [size, M, L] and answers [size]."""
    generator = np.random.default_rng(0)
    symbols, answers = zip(*(RULES[name].draw(generator) for _ in range(size)), strict=True)
    return np.stack(symbols), np.array(answers)


@every
def test_symbols_and_answers_lie_where_they_are_said_to(name):
    rule, (symbols, answers) = RULES[name], drawn(name, 300)
    assert symbols.shape == (300, rule.modalities, rule.places)
    assert set(answers) == set(range(rule.classes)) and set(symbols.flat) <= {BLANK, *range(SYMBOLS)}


@every
def test_all_answers_are_equally_frequent(name):
    counts = Counter(drawn(name, 8000)[1].tolist())
    assert all(abs(count / 8000 - 1 / RULES[name].classes) < 0.02 for count in counts.values())


@pytest.mark.parametrize("name", [name for name in RULES if name != "order"])
def test_no_learner_beats_the_optimum_and_a_lookup_of_all_cases_reaches_it(name):
    rule, (symbols, answers) = RULES[name], drawn(name, 12_000)
    flat = symbols[..., 0]
    views = [(rule.optimal, flat), *((one, flat[:, m : m + 1]) for m, one in enumerate(rule.single))]
    for best, seen in views:
        tree = DecisionTreeClassifier(random_state=0).fit(seen[:8000], answers[:8000])
        assert tree.score(seen[8000:], answers[8000:]) == pytest.approx(best, abs=0.025)


@pytest.mark.parametrize("name", ["redundant", "noisy", "unique", "xor", "xor3", "missing"])
def test_the_cases_of_a_table_are_all_there_is(name):
    assert sum(odds for _, _, odds in RULES[name].cases) == pytest.approx(1)


def test_xor_is_the_bitwise_one():
    symbols, answers = drawn("xor3", 200)
    a, b, c = symbols[..., 0].T
    assert np.array_equal(a ^ b ^ c, answers)


def test_two_rows_agree_in_the_place_that_is_the_answer_and_nowhere_else():
    symbols, answers = drawn("order", 500)
    agree = symbols[:, 0] == symbols[:, 1]
    assert (agree.sum(1) == 1).all() and np.array_equal(agree.argmax(1), answers)
    rows, answers = drawn("order", 9000)
    for row in rows.transpose(1, 0, 2):
        tree = DecisionTreeClassifier(random_state=0).fit(row[:6000], answers[:6000])
        assert tree.score(row[6000:], answers[6000:]) == pytest.approx(1 / PLACES, abs=0.03)
