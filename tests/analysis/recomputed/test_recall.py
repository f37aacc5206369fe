from __future__ import annotations

import numpy as np
import pytest

from mmexp.analysis.recompute import recompute
from mmexp.analysis.recomputed.recall import follow
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

RUN = RunRow(RunFolder.__new__(RunFolder), "done")
ROWS = [
    {"id": f"s{i}", "rank": rank, "reverse_rank": 1, "query": query}
    for i, (rank, query) in enumerate([(1, 7), (1, 7), (4, 8), (9, 9)])
]


def test_a_query_of_several_rows_counts_once():
    value = follow("recall_at_1", ROWS, RUN)
    assert value is not None
    weights = np.array([[1, 1, 1, 1], [2, 2, 0, 1], [0, 0, 1, 1]], float)
    assert value(weights) == pytest.approx([1 / 3, 2 / 3, 0.0])
    assert follow("recall_at_5", ROWS, RUN)(weights)[0] == pytest.approx(2 / 3)
    assert follow("reverse_recall_at_1", ROWS, RUN)(weights).tolist() == [1.0] * 3
    assert follow("median_rank", ROWS, RUN) is None


def test_rows_without_ranks_are_no_way(tmp_path):
    folder = RunFolder.create(tmp_path, "x")
    folder.predictions("test").parent.mkdir()
    folder.predictions("test").write_text('{"id": "a", "score": 0.5, "target": 1}\n')
    assert recompute(RunRow(folder, "done", metrics={"test/recall_at_1": 1.0}), "test/recall_at_1") is None
