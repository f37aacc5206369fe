from __future__ import annotations

from inspect import signature

import pytest

from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.manifest import Manifest
from mmexp.dataset.scenes import Scenes


@pytest.mark.parametrize("dataset", [Manifest, Scenes])
def test_a_dataset_prepares_the_splits_asked_for_or_all(dataset: type[MultimodalDataset]) -> None:
    assert signature(dataset.prepare).parameters["splits"].default == SPLITS == ("train", "val", "test")


def test_nothing_is_skipped_unless_a_dataset_says_so() -> None:
    assert list(MultimodalDataset.skipped) == []
