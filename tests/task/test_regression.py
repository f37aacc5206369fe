from __future__ import annotations

import json

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Tokens
from mmexp.fusion.concat import ConcatFusion
from mmexp.pool.attention import AttentionPool
from mmexp.pool.mean import MeanPool
from mmexp.task.regression import Regression

DIM, MEAN, STD = 8, 20.0, 5.0


def make(**options: object) -> Regression:
    torch.manual_seed(0)
    return Regression(**{"pool": MeanPool(), "dim": DIM, "target": "score", "mean": MEAN, "std": STD, **options})


def fusion() -> ConcatFusion:
    torch.manual_seed(1)
    return ConcatFusion(dim=DIM, modalities=["image", "text"], pool=MeanPool())


def tokens(rows: int) -> dict[str, Tokens]:
    torch.manual_seed(2)
    return {m: Tokens(torch.randn(rows, 3, DIM), torch.ones(rows, 3, dtype=torch.bool)) for m in ("image", "text")}


def batch(task: Regression, raw: list[float | None]) -> Batch:
    transform = task.transforms()["score"]
    scores = transform.collate([None if value is None else transform.prepare(value) for value in raw])
    return Batch({}, {"score": scores}, tuple(f"s{i}" for i in range(len(raw))))


@pytest.mark.parametrize(("objective", "loss"), [("l1", F.l1_loss), ("mse", F.mse_loss), ("huber", F.smooth_l1_loss)])
def test_the_loss_is_that_of_the_standardised_known_targets(objective, loss):
    task = make(objective=objective).eval()
    given = batch(task, [12, None, 31.5, 20])
    outputs = task(tokens(4), fusion(), given)
    standard = (outputs["preds"][[0, 2, 3]] - MEAN) / STD
    expected = loss(standard, torch.tensor([-1.6, 2.3, 0.0]))
    torch.testing.assert_close(task.losses(outputs, given)[objective], expected)


def test_units_of_the_target_do_not_change_what_is_learnt():
    losses = []
    for mean, std, raw in ((0.0, 1.0, [-1.0, 2.0]), (20.0, 5.0, [15.0, 30.0])):
        task = make(mean=mean, std=std).eval()
        given = batch(task, raw)
        losses.append(task.losses(task(tokens(2), fusion(), given), given)["huber"])
    torch.testing.assert_close(*losses)


def test_it_learns_a_number_of_each_sample():
    task, fused, given = make(dropout=0.0), fusion(), batch(make(), [3.0, 40.0, 21.0, 18.0, 5.0, 30.0])
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        task.losses(task(tokens(6), fused, given), given)["huber"].backward()
        optimizer.step()
    metrics = task.eval().metrics()
    task.measure(metrics, task(tokens(6), fused, given), given)
    values = metrics.compute()
    assert set(values) == {"mae", "pearson"} and task.monitor in values and task.mode == "min"
    assert values["mae"] < 0.5 and values["pearson"] > 0.99


def test_a_scale_adds_the_accuracies_of_sentiment():
    task = make(mean=0.0, std=1.0, scale=3)
    given, metrics = batch(task, [-2.0, 0.4]), task.metrics()
    task.measure(metrics, {"preds": torch.tensor([-1.6, -0.1])}, given)
    values = metrics.compute()
    assert values["acc7"] == values["acc5"] == 1 and values["acc2"] == values["acc2_nonzero"] == 0.5


@pytest.mark.parametrize("pool", [MeanPool(), AttentionPool(dim=DIM)], ids=["mean", "attention"])
@pytest.mark.parametrize("raw", [[None], [3.0], []])
def test_missing_inputs_and_targets_leave_everything_finite(pool, raw):
    task, given = make(pool=pool), tokens(1)
    for own in given.values():
        own.mask.zero_()
    labelled = batch(task, raw) if raw else Batch({}, {}, ("s0",))
    loss = task.losses(task(given, fusion(), labelled), labelled)["huber"]
    loss.backward()
    task.measure(task.metrics(), task(given, fusion(), labelled), labelled)
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_each_row_tells_the_answer_and_the_target_in_its_own_units():
    task = make().eval()
    given = batch(task, [12.5, None])
    outputs = task(tokens(2), fusion(), given)
    rows = json.loads(json.dumps(task.predictions(outputs, given)))
    assert [row["target"] for row in rows] == [12.5, None]
    assert [row["prediction"] for row in rows] == pytest.approx((MEAN + STD * outputs["standard"]).tolist())
    (row,) = task.predictions({"preds": torch.zeros(1)}, Batch({}, {}, ("s0",)))
    assert row == {"id": "s0", "prediction": 0.0}


def test_its_picture_is_a_scatter_plot_of_what_has_a_target():
    rows = [{"id": "1", "prediction": 0.5, "target": 1.0}, {"id": "2", "prediction": 0.5, "target": None}]
    figure = make().plots(rows, [])["scatter"]
    assert len(figure.axes[0].collections[0].get_offsets()) == 1
    assert make().plots(rows[1:], []) == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "hinge"}, "objective must be l1, mse or huber, got 'hinge'"),
        ({"std": 0.0}, "std must be positive, got 0.0: score is the same in all of train"),
        ({"scale": 0}, "scale must be positive, got 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)
