from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmexp.contract import Batch, Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.fusion.base import Fusion
from mmexp.fusion.concat import ConcatFusion
from mmexp.missing.base import Missing
from mmexp.missing.mask import MaskMissing
from mmexp.missing.placeholder import PlaceholderMissing
from mmexp.pool.mean import MeanPool
from mmexp.task.base import Task
from mmexp.training.model import Encoders, Model, drop_one


class Project(Encoder):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 4)

    def forward(self, inputs: Padded) -> Tokens:
        return Tokens(self.linear(inputs.values), inputs.mask)


class Regression(Task):
    """Sums the joint tokens, and keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 1)

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> dict[str, Any]:
        self.tokens, self.batch = tokens, batch
        return {"score": self.head(fusion(tokens).pool())}

    def transforms(self): ...

    def losses(self, outputs, batch): ...

    def metrics(self): ...

    def measure(self, metrics, outputs, batch): ...

    def predictions(self, outputs, batch): ...


WIDTHS = {"text": 3, "image": 5}


def make(names: tuple[str, ...] = ("text", "image"), missing: Missing | None = None, **settings: float) -> Model:
    encoders = {name: Project(WIDTHS[name]) for name in names}
    fusion = ConcatFusion(dim=4, modalities=names, pool=MeanPool())
    missing = missing or MaskMissing()
    return Model(encoders=encoders, missing=missing, fusion=fusion, task=Regression(), **settings)


def batch(rows: int = 6) -> Batch:
    def padded(width: int, real: Tensor) -> Padded:
        return Padded(torch.randn(rows, 2, width), real[:, None].expand(rows, 2))

    every = torch.ones(rows, dtype=torch.bool)
    some = torch.arange(rows) % 2 == 0
    inputs = {"image": padded(5, some), "text": padded(3, every), "audio": padded(9, every)}
    return Batch(inputs, {}, tuple(map(str, range(rows))))


def test_a_modality_may_be_called_what_a_method_is():
    held = Encoders({"items": Project(3), "type": Project(2)})
    assert list(held) == ["items", "type"] and [*held.values()] == [held["items"], held["type"]]
    assert {name.partition(".")[0] for name in held.state_dict()} == {"items", "type"}


def test_it_is_the_task_over_the_fusion_over_the_encoders():
    model, given = make().eval(), batch()
    f, g = (model.encoders[name](given.inputs[name]) for name in ("text", "image"))
    expected = model.task.head(model.fusion({"text": f, "image": g}).pool())
    assert torch.equal(model(given)["score"], expected)
    assert list(model.task.tokens) == ["text", "image"] and model.task.batch is given


def test_rows_with_a_missing_modality_train_with_finite_gradients():
    model = make(modality_dropout=0.5)
    scores = model(batch())["score"]
    scores.square().sum().backward()
    assert scores.isfinite().all() and all(p.grad.isfinite().all() for p in model.parameters())
    assert any(p.grad.any() for p in model.encoders["image"].parameters())


def test_modalities_are_hidden_in_training_only():
    model, given = make(modality_dropout=0.9), batch(100)
    model(given)
    assert model.task.tokens["text"].mask.float().mean() < 0.8
    model.eval()(given)
    assert model.task.tokens["text"].mask.all()


def test_what_is_missing_or_dropped_is_given_to_the_task_as_the_part_decides():
    missing = PlaceholderMissing(dim=4, modalities=["text", "image"])
    model, given = make(missing=missing, modality_dropout=0.9), batch(100)
    model(given)
    tokens = model.task.tokens
    assert all(own.present.all() for own in tokens.values())
    assert torch.equal(tokens["image"].features[1, 0], missing.placeholder[1])
    dropped = (tokens["text"].features[:, 0] == missing.placeholder[0]).all(1)
    assert 0 < dropped.sum() < 100


def test_the_only_modality_is_never_hidden():
    model = make(("text",), modality_dropout=0.9)
    model(batch(50))
    assert model.task.tokens["text"].mask.all()


def test_the_modality_whose_positions_are_kept_is_never_hidden():
    model = make(modality_dropout=0.9)
    model.task.anchor = "text"
    model(batch(100))
    assert model.task.tokens["text"].present.all() and not model.task.tokens["image"].present[::2].all()


def test_nothing_is_hidden_by_default():
    model = make()
    model(batch(50))
    assert model.task.tokens["text"].mask.all()


def test_a_state_dict_carries_everything():
    model, twin, given = make().eval(), make().eval(), batch()
    twin.load_state_dict(model.state_dict())
    assert torch.equal(model(given)["score"], twin(given)["score"])


@pytest.mark.parametrize("probability", [0.2, 0.6])
def test_one_modality_at_most_is_hidden_each_as_often_in_the_share_asked_for(probability, make_tokens):
    tokens = {name: make_tokens(*[2] * 3000) for name in "abc"}
    hidden = torch.stack([~own.present for own in drop_one(tokens, probability).values()])
    assert hidden.sum(0).max() == 1
    torch.testing.assert_close(hidden.float().mean(1), torch.full((3,), probability / 3), rtol=0.15, atol=0)


def test_hiding_keeps_features_and_padding(make_tokens):
    tokens = {"a": make_tokens(2, 0, 3), "b": make_tokens(1, 1, 1)}
    hidden = drop_one(tokens, 0.5)
    assert hidden.keys() == tokens.keys()
    for name, own in hidden.items():
        assert own.features is tokens[name].features and not (own.mask & ~tokens[name].mask).any()
