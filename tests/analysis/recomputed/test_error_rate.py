from __future__ import annotations

import numpy as np
import pytest
from torchmetrics.text import CharErrorRate, WordErrorRate

DRAW = np.random.default_rng(0)


def text(longest: int) -> str:
    return " ".join(["ab", "cde", "fgh", "i"][i] for i in DRAW.integers(0, 4, DRAW.integers(0, longest)))


ROWS = [{"transcript": text(6), "target": f"ab {text(5)}".strip()} for _ in range(30)]


@pytest.mark.parametrize(("metric", "kind"), [("wer", WordErrorRate), ("cer", CharErrorRate)])
def test_error_rates_follow_from_transcripts(check, metric, kind):
    def measure(rows):
        rate = kind()
        rate.update([row["transcript"] for row in rows], [row["target"] for row in rows])
        return float(rate.compute())

    check(metric, ROWS, measure)
