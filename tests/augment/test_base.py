"""What every option promises; a new YAML in conf/augment is taken up by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmexp.augment.base import Augment, views
from mmexp.augment.mixup import Mixup
from mmexp.config.compose import compose
from mmexp.config.instantiate import instantiate
from mmexp.contract import Batch, Padded
from mmexp.error import ConfigError
from mmexp.transform.label import Labels

NAMES = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "conf/augment").glob("*.yaml"))


def batch(with_text: bool) -> Batch:
    mask = torch.arange(5) < torch.tensor([5, 2, 0])[:, None]
    pixels = torch.randint(256, (3, 3, 16, 16), dtype=torch.uint8)
    inputs = {
        "audio": Padded(torch.randn(3, 5), mask),
        "vector": Padded(torch.randn(3, 4), mask[:, 0]),
        "image": Padded(pixels, mask[:, 0]),
    }
    labels = Labels(Padded(torch.arange(3), mask[:, 0]), ["x", "y", "z"], classes=3)
    text = Padded(torch.tensor([1, *[5] * 40, 2]).repeat(3, 1), torch.ones(3, 42, dtype=torch.bool))
    return Batch(inputs | ({"text": text} if with_text else {}), {"label": labels}, ("a", "b", "c"))


@pytest.mark.parametrize("name", NAMES)
def test_it_augments_a_batch_by_the_seed_of_the_step(name):
    (node,) = compose([f"augment=[{name}]"]).plain()["augment"].values()
    augment, given = instantiate("augment", node), batch(with_text=name not in ("mixup", "cutmix"))
    assert isinstance(augment, Augment)
    found = []
    for seed in (0, 0, 3):
        torch.manual_seed(seed)
        found.append(augment(given))
    first, again, other = ({key: own.values for key, own in one.inputs.items()} for one in found)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
    assert found[0].ids == given.ids and list(found[0].inputs) == list(given.inputs)


def test_without_a_choice_there_is_none():
    assert compose([]).plain()["augment"] == {}


class Added(Augment):
    """Add a number to the vector."""

    def __init__(self, number: float, mixes: bool) -> None:
        self.number, self.mixes = number, mixes

    def __call__(self, batch: Batch) -> Batch:
        own = batch.inputs["vector"]
        return Batch({"vector": Padded(own.values + self.number, own.mask)}, batch.targets, batch.ids)


@pytest.mark.parametrize(("mixing", "weak"), [(None, 0), (0, 1), (1, 3)])
def test_the_weak_view_holds_only_what_came_until_samples_were_mixed(mixing, weak):
    own = Batch({"vector": Padded(torch.zeros(1, 1), torch.tensor([True]))}, {}, ("a",))
    augments = [Added(number, mixes=place == mixing) for place, number in enumerate((1, 2, 4))]
    assert [view.inputs["vector"].values.item() for view in views(own, augments)] == [weak, 7]


@pytest.mark.parametrize("name", NAMES)
def test_mixup_and_cutmix_alone_mix_samples(name):
    (node,) = compose([f"augment=[{name}]"]).plain()["augment"].values()
    assert instantiate("augment", node).mixes == (name in ("mixup", "cutmix"))


def test_one_that_does_not_fit_the_inputs_ends_the_run_with_its_reason():
    with pytest.raises(ConfigError, match=r"augment: Mixup: inputs must be .*, got text of torch\.int64") as error:
        views(batch(with_text=True), [Mixup()])
    assert error.value.hint == "Take it out of augment, or choose other inputs."
