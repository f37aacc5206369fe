from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mmexp.study.shapley import shapley

NAMES = ("a", "b", "c", "d")


def game(seed: int) -> dict[tuple[str, ...], float]:
    generator = np.random.default_rng(seed)
    coalitions = [one for size in range(5) for one in combinations(NAMES, size)]
    return {one: float(generator.normal()) for one in coalitions}


@pytest.mark.parametrize("seed", range(3))
def test_values_add_up_to_all_less_none(seed: int):
    value = game(seed)
    assert sum(shapley(NAMES, value.__getitem__).values()) == pytest.approx(value[NAMES] - value[()], abs=1e-9)


def test_values_are_those_of_captum():  # in single precision
    captum = pytest.importorskip("captum.attr")
    torch = pytest.importorskip("torch")
    value = game(0)

    def forward(present):
        rows = [tuple(name for name, there in zip(NAMES, row, strict=True) if there) for row in present.tolist()]
        return torch.tensor([value[row] for row in rows], dtype=torch.float64)

    found = captum.ShapleyValues(forward).attribute(torch.ones(1, 4, dtype=torch.float64))[0]
    assert list(shapley(NAMES, value.__getitem__).values()) == pytest.approx(found.tolist(), abs=1e-6)


def test_a_useless_player_gets_nothing_and_players_that_only_work_together_share():
    assert shapley(NAMES, lambda some: float("a" in some)) == {"a": 1.0, "b": 0.0, "c": 0.0, "d": 0.0}
    xor = shapley(["a", "b", "c"], lambda some: float({"a", "b"} <= set(some)))
    assert xor["a"] == pytest.approx(0.5) and xor["b"] == pytest.approx(0.5) and xor["c"] == 0


def test_values_may_be_arrays():
    found = shapley(["a", "b"], lambda some: np.array([len(some), 2.0 * ("a" in some)]))
    assert found["a"].tolist() == [1, 2] and found["b"].tolist() == [1, 0]
