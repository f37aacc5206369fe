from __future__ import annotations

import pytest

from mmexp.transform.symbols import UNKNOWN, SymbolsTransform


def test_symbols_are_numbered_in_order_and_others_are_unknown():
    transform = SymbolsTransform(symbols=["b", "a"])
    assert transform.prepare(["a", "b", "z"]).tolist() == [2, 1, UNKNOWN]
    assert transform.prepare("b").tolist() == [1]


def test_of_a_long_row_the_last_ones_are_kept():
    assert SymbolsTransform(symbols=["a", "b"], max_length=2).prepare(["a", "a", "a", "b"]).tolist() == [1, 2]


def test_a_missing_row_is_all_padding():
    transform = SymbolsTransform(symbols=["a", "b"])
    batch = transform.collate([transform.prepare(["a", "b"]), None, transform.prepare("b")])
    assert batch.values.shape == (3, 2) and batch.mask.tolist() == [[True, True], [False, False], [True, False]]


def test_no_room_for_a_symbol_is_refused():
    with pytest.raises(ValueError, match="max_length must be at least 1, got 0"):
        SymbolsTransform(symbols=["a"], max_length=0)
