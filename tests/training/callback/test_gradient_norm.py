from __future__ import annotations

from mmexp.run.metrics import read_metrics


def test_it_is_a_column_of_the_training_rows(lab):
    folder = lab.train("callback=gradient_norm", "training.epochs=1")
    rows = [row for row in read_metrics(folder.metrics) if "train/loss" in row]
    assert rows and all(row["train/grad_norm"] > 0 for row in rows)
