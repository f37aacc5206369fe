from __future__ import annotations

from mmexp.config.compose import compose
from mmexp.dataset.build import build_dataset, build_kinds
from mmexp.dataset.kind.kinds import standard


def test_a_dataset_knows_every_kind_of_the_config() -> None:
    root = compose(["dataset.sizes=[2,1,1]"]).plain()
    dataset = build_dataset(root)
    assert list(dataset.kinds) == list(standard()) and dataset.kinds is not standard()


def test_a_config_without_kinds_has_those_of_mmexp() -> None:
    assert build_kinds({"plugins": []}) is standard()
