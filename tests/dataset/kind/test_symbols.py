from __future__ import annotations

import pytest

from mmexp.dataset.kind.symbols import SymbolsKind, read_symbol, read_symbols


def test_a_symbol_is_a_text_or_a_number_and_a_row_of_them_a_list():
    assert read_symbols("new york") == ["new york"] and read_symbols('["a", 3]') == read_symbols(["a", 3]) == ["a", "3"]
    assert read_symbol(7) == "7"
    for wrong in ([], [" "], 1.5, None, ["a", ["b"]], True):
        with pytest.raises(ValueError, match="must be a symbol or a list of them, got"):
            read_symbols(wrong)
    with pytest.raises(ValueError, match=r"must be one symbol, got \['a', 'b'\]"):
        read_symbol(["a", "b"])


def test_symbols_are_described_by_those_that_occur_in_training():
    assert SymbolsKind().describe([["b", "a"], ["a"]], "seen", [["c"]]) == {"symbols": ["a", "b"]}
