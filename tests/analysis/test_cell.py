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
