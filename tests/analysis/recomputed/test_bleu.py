from __future__ import annotations

import numpy as np
import pytest

from mmexp.analysis.recomputed.bleu import follow
from mmexp.metric.caption import Bleu
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

WORDS = ["a", "dog", "cat", "runs", "sits", "on", "the", "grass"]
DRAW = np.random.default_rng(0)
ROWS = [
    {
        "caption": " ".join(WORDS[i] for i in DRAW.integers(0, 3, 4 + n % 4)),
        "greedy": " ".join(WORDS[i] for i in DRAW.integers(0, 3, 5)),
        "references": [" ".join(WORDS[i] for i in DRAW.integers(0, 3, 5 + k)) for k in range(1 + n % 3)] if n else [],
    }
    for n in range(30)
]


@pytest.mark.parametrize(
    ("metric", "order", "column"), [("bleu1", 1, "caption"), ("bleu4", 4, "caption"), ("greedy_bleu2", 2, "greedy")]
)
def test_bleu_follows_from_captions(check, metric, order, column):
    def measure(rows):
        bleu = Bleu(order=order)
        bleu.update([row[column] for row in rows], [row["references"] for row in rows])
        return float(bleu.compute())

    assert measure(ROWS) > 0
    check(metric, ROWS, measure)


def test_replies_have_one_target(check):
    rows = [{"reply": row["caption"], "target": row["greedy"]} for row in ROWS]

    def measure(rows):
        bleu = Bleu(order=2)
        bleu.update([row["reply"] for row in rows], [[row["target"]] for row in rows])
        return float(bleu.compute())

    check("bleu2", rows, measure)


def test_no_hit_is_zero_and_another_metric_is_none_of_it(tmp_path):
    run = RunRow(RunFolder(tmp_path), "done", tokenize="characters")
    value = follow("bleu1", [{"caption": "ab", "references": ["cd"]}], run)
    assert value is not None and value(np.ones((2, 1))).tolist() == [0.0, 0.0]
    assert follow("bleu5", ROWS, run) is None and follow("cider", ROWS, run) is None
