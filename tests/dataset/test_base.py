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


def test_a_dataset_is_never_narrowed_or_taken_whole_unless_it_says_so() -> None:
    world = Scenes(sizes=[2, 1, 1], image_size=32, cache=None)
    offered = dict(world.inputs)
    world.narrow({"image": "image"}, {})
    assert world.inputs == offered and not world.take_whole("test", None)


def test_long_facts_are_those_of_the_kinds_of_its_targets() -> None:
    world = Scenes(sizes=[2, 1, 1], image_size=32, cache=None)
    assert set(MultimodalDataset.tables(world)) == {"references", "catalogue"}
