from __future__ import annotations

import torch

from mmexp.training.rows import gather_rows


def test_rows_of_several_processes_are_put_back_in_order(monkeypatch):
    shares = [[{"id": 0}, {"id": 3}], [{"id": 1}, {"id": 4}], [{"id": 2}]]
    monkeypatch.setattr(
        torch.distributed, "all_gather_object", lambda parts, rows: parts.__setitem__(slice(None), shares)
    )
    assert [row["id"] for row in gather_rows(shares[0], 3)] == [0, 1, 2, 3, 4]
