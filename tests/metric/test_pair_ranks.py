from __future__ import annotations

import pytest
import torch
from torchmetrics import MetricCollection

from mmexp.metric.direction import directions
from mmexp.metric.pair_ranks import PairRanks
from mmexp.metric.retrieval import RetrievalRanks


def test_ranks_are_those_of_retrieval_over_the_samples_that_have_both():
    metric, plain = PairRanks("image", "audio"), RetrievalRanks()
    queries, candidates = torch.nn.functional.normalize(torch.randn(2, 20, 4), dim=2)
    queries[3], candidates[7] = 0, 0
    real = [i for i in range(20) if i not in (3, 7)]
    keys = torch.arange(40).view(20, 2)
    for rows in (slice(9), slice(9, 20)):
        metric.update(queries[rows], candidates[rows], keys[rows])
    plain.update(queries[real], candidates[real])
    found, expected = metric.compute(), plain.compute()
    assert len(found) == len(expected) == 8
    for k in (1, 5, 10):
        assert found[f"image_to_audio_recall_at_{k}"] == expected[f"recall_at_{k}"]
        assert found[f"audio_to_image_recall_at_{k}"] == expected[f"reverse_recall_at_{k}"]
    assert found["audio_to_image_median_rank"] == expected["reverse_median_rank"]


def test_what_is_of_one_file_is_one_candidate():
    metric = PairRanks("image", "text")
    image = torch.eye(2)[[0, 0, 1]]
    metric.update(image, image, torch.tensor([[1, 5], [1, 6], [2, 7]]))
    assert metric.compute()["text_to_image_recall_at_1"] == 1


def test_where_no_sample_has_both_ranks_are_undefined():
    metric = PairRanks("image", "audio")
    metric.update(torch.zeros(2, 3), torch.ones(2, 3), torch.arange(4).view(2, 2))
    assert all(value.isnan() for value in metric.compute().values())


@pytest.mark.parametrize(("name", "way"), [("recall_at_1", "max"), ("median_rank", "min")])
def test_each_value_says_which_way_is_better(name, way):
    metrics = MetricCollection({"image_to_audio": PairRanks("image", "audio")}, compute_groups=False)
    metrics["image_to_audio"].update(torch.eye(3), torch.eye(3), torch.arange(6).view(3, 2))
    found = directions(metrics)
    assert found[f"image_to_audio_{name}"] == found[f"audio_to_image_{name}"] == way
