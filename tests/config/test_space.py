from __future__ import annotations

import pytest

from mmexp.config.space import Dimension, read_space, refuse_repeats
from mmexp.error import ConfigError


def test_values_and_intervals_are_separated_from_what_is_fixed():
    words = [
        "dim=32",
        "fusion=concat,gated",
        "optimizer.lr=tag(log, interval(1e-4, 1e-2))",
        "training.epochs=range(1,4)",
    ]
    fixed, dimensions = read_space([*words, "+fusion.rank=int(interval(2, 8))"])
    assert fixed == ["dim=32"]
    assert dimensions == [
        Dimension("fusion", ("concat", "gated")),
        Dimension("optimizer.lr", low=1e-4, high=1e-2, log=True),
        Dimension("training.epochs", ("1", "2", "3")),
        Dimension("+fusion.rank", low=2, high=8, integer=True),
    ]


def test_what_is_typed_counts_before_a_space():
    fixed, dimensions = read_space(["optimizer.lr=0.1"], {"optimizer.lr": "interval(0, 1)", "seed": "choice(1, 2)"})
    assert fixed == ["optimizer.lr=0.1"] and dimensions == [Dimension("seed", ("1", "2"))]


@pytest.mark.parametrize(
    ("value", "word"), [(0.00123456789, "a=0.00123457"), (3, "a=3"), ("gated", "a=gated"), (1e-05, "a=1e-05")]
)
def test_a_value_is_written_so_that_it_can_be_typed(value: object, word: str):
    assert Dimension("a").word(value) == word


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("optimizer.lr=interval(2, 1)", "optimizer.lr: interval must begin below its end, got 2 to 1"),
        ("optimizer.lr=tag(log, interval(0, 1))", "interval with tag log must begin above 0, got 0"),
        ("fusion=glob(nothing*)", "sweep must match an option, got none"),
        ("fusion=[", "override must follow Hydra's grammar"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(word: str, rule: str):
    with pytest.raises(ConfigError, match=rule.replace(".", r"\.")):
        read_space([word])


@pytest.mark.parametrize(("word", "got"), [("seed=0,1", "0, 1"), ("fold=interval(0, 4)", "an interval from 0 to 4")])
def test_seeds_and_folds_are_nothing_to_search_over(word: str, got: str) -> None:
    with pytest.raises(ConfigError, match=f"must have one value, as the luckiest would be chosen, got {got}"):
        refuse_repeats(read_space([word, "fusion=concat,gated"])[1])
    refuse_repeats(read_space(["fusion=concat,gated", "seed=1"])[1])
