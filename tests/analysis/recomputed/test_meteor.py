from __future__ import annotations

import numpy as np
import pytest

from mmexp.analysis.recomputed.meteor import follow
from mmexp.metric.meteor import Meteor
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

WORDS = ["a", "the", "dog", "cat", "runs", "sits"]
DRAW = np.random.default_rng(0)


def sentence() -> str:
    return " ".join(WORDS[i] for i in DRAW.integers(0, 6, 5))


ROWS = [{"caption": sentence(), "references": [sentence() for _ in range(1 + n % 3)] if n else []} for n in range(30)]


def test_meteor_follows_from_captions(check):
    def measure(rows):
        metric = Meteor()
        metric.update(rows)
        return float(metric.compute())

    assert 0 < measure(ROWS) < 1
    check("meteor", ROWS, measure)


def test_replies_have_one_target(check):
    def measure(rows):
        metric = Meteor()
        metric.update(rows)
        return float(metric.compute())

    check("meteor", [{"reply": row["caption"], "target": row["references"][0]} for row in ROWS[1:]], measure)


def test_tokens_are_those_of_the_run_and_another_metric_is_none_of_it(tmp_path):
    run = RunRow(RunFolder(tmp_path), "done", tokenize="characters")
    value = follow("meteor", [{"caption": "ab", "references": ["abc"]}], run)
    assert value is not None and value(np.ones((2, 1))) == pytest.approx(2 / 2.85 * (1 - 0.6 * 0.5**0.2))
    assert follow("bleu1", ROWS, run) is None
