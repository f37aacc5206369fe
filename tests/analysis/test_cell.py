from __future__ import annotations

from pathlib import Path

from mmexp.analysis.cell import cell, score, worth
from mmexp.analysis.compare import Score
from mmexp.analysis.difference import Difference
from mmexp.analysis.verdict import Verdict
from mmexp.run.folder import RunFolder


def test_values_are_short():
    assert score(Score(0.5, None, (0.5,))) == "0.500" and score(Score(0.5, 0.1, (0.4, 0.6))) == "0.500 ± 0.100"
    assert (cell(None), cell(["a", "b"]), cell(3)) == ("-", "a+b", "3")


def test_a_verdict_is_a_few_words_with_or_without_its_interval():
    better = Verdict("better", (RunFolder(Path("outputs/x/1")),), "image", Difference(0.012, 0.003, 0.021))
    assert (worth(None, True), worth(better, False)) == ("-", "+0.012 over image")
    assert worth(better, True) == "+0.012 [0.003, 0.021] over image"


def test_a_lead_and_a_lag_that_many_comparisons_give_by_chance_have_the_same_mark():
    def shown(low: float, high: float, adjusted: float) -> str:
        margin = Difference((low + high) / 2, low, high)
        return worth(Verdict("no_better", (), "text", margin, compared=27, adjusted=adjusted), True)

    assert shown(0.01, 0.03, 0.24) == "= text: +0.020 [0.010, 0.030] (Holm p 0.24)"
    assert shown(-0.03, -0.01, 0.24) == "= text: -0.020 [-0.030, -0.010] (Holm p 0.24)"
    assert shown(-0.03, -0.01, 0.015) == "< text: -0.020 [-0.030, -0.010]"
    assert shown(-0.03, 0.01, 1.0) == "= text: -0.010 [-0.030, 0.010]"
