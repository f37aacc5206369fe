from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Sample, Tokens, Waveform
from mmexp.fusion.concat import ConcatFusion
from mmexp.fusion.none import NoFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.anomaly_detection import AnomalyDetection, hidden

DIM, NAMES = 8, ("camera", "microphone", "text")


def make(**options: object) -> AnomalyDetection:
    torch.manual_seed(0)
    return AnomalyDetection(**{"pool": MeanPool(), "dim": DIM, **options})


def fusion(*names: str) -> ConcatFusion | NoFusion:
    torch.manual_seed(1)
    if len(names) == 1:
        return NoFusion(dim=DIM, modalities=names)
    return ConcatFusion(dim=DIM, modalities=names, pool=MeanPool())


def tokens(rows: int, *names: str, seed: int = 2) -> dict[str, Tokens]:
    """Modalities that go along with one another: each is the same secret, turned and blurred."""
    torch.manual_seed(3)
    turns = {name: torch.linalg.qr(torch.randn(DIM, DIM)).Q for name in NAMES}
    torch.manual_seed(seed)
    secret = torch.randn(rows, 1, DIM)
    blurred = {name: secret @ turns[name] + 0.1 * torch.randn(rows, 4, DIM) for name in names}
    return {name: Tokens(features, torch.ones(rows, 4, dtype=torch.bool)) for name, features in blurred.items()}


def batch(rows: int, anomalies: tuple[int, ...] | None = ()) -> Batch:
    ids = tuple(f"s{i}" for i in range(rows))
    if anomalies is None:
        return Batch({}, {}, ids)
    transform = make().transforms()["anomaly"]
    return Batch({}, {"anomaly": transform.collate([transform.prepare(int(i in anomalies)) for i in range(rows)])}, ids)


def train(names: tuple[str, ...], steps: int = 150, **options: object) -> tuple[AnomalyDetection, torch.nn.Module]:
    task, fused = make(**options).train(), fusion(*names)
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=3e-3)
    for step in range(steps):
        optimizer.zero_grad()
        task.losses(task(tokens(32, *names, seed=100 + step), fused, batch(32)), batch(32))["predict"].backward()
        optimizer.step()
    return task.eval(), fused


@pytest.fixture(scope="module")
def trained() -> tuple[AnomalyDetection, torch.nn.Module]:
    return train(NAMES[:2])


@torch.no_grad()
def scores(task: AnomalyDetection, fused: torch.nn.Module, given: dict[str, Tokens]) -> dict[str, torch.Tensor]:
    outputs = task(given, fused, batch(len(given["camera"].mask)))
    return {"score": outputs["scores"], "distance": outputs["parts"][:, 0], "prediction_error": outputs["parts"][:, 1]}


def test_the_normal_scores_low_what_is_far_off_and_what_does_not_fit_score_high(trained):
    normal = tokens(64, *NAMES[:2])
    usual = scores(*trained, normal)
    assert usual["distance"].mean().abs() < 1 and usual["prediction_error"].mean().abs() < 1
    camera = normal["camera"]
    mixed = scores(*trained, {**normal, "camera": Tokens(camera.features.roll(1, 0), camera.mask)})
    far = scores(*trained, {**normal, "camera": Tokens(camera.features * 4, camera.mask)})
    assert mixed["prediction_error"].median() > 3 and far["distance"].median() > 3
    for other in (mixed, far):
        assert torch.equal(other["score"], torch.maximum(other["distance"], other["prediction_error"]))
        wins = (other["score"][:, None] > usual["score"][None]).float().mean()
        assert wins > 0.95


def test_one_modality_alone_is_told_by_its_other_tokens():
    task, fused = train(NAMES[:1])
    normal = tokens(64, "camera")
    usual, features = scores(task, fused, normal), normal["camera"].features.clone()
    features[:, ::2] = features.roll(1, 0)[:, ::2]
    mixed = scores(task, fused, {"camera": Tokens(features, normal["camera"].mask)})
    assert mixed["prediction_error"].median() > usual["prediction_error"].median() + 2


def test_each_part_is_hidden_once_and_told_by_all_the_rest():
    given = tokens(2, *NAMES)
    parts = hidden(given)
    assert [part is given[name] for (part, _), name in zip(parts, NAMES, strict=True)] == [True] * 3
    assert [set(rest) for _, rest in parts] == [set(NAMES) - {name} for name in NAMES]
    (even, by_odd), (odd, by_even) = hidden(tokens(2, "text"))
    assert even.mask.tolist() == [[True, False] * 2] * 2 and not (even.mask & odd.mask).any()
    assert torch.equal(by_odd["text"].mask, odd.mask) and torch.equal(by_even["text"].mask, even.mask)


def test_the_loss_is_the_cross_entropy_of_finding_the_hidden_part_both_ways():
    task, fused, given = make().eval(), fusion(*NAMES), tokens(5, *NAMES)
    outputs = task(given, fused, batch(5))
    expected = []
    for part, rest in hidden(given):
        query = F.normalize(task.predict(fused(rest).pool()), dim=1)
        key = F.normalize(task.project(part.pool()), dim=1)
        logits = query @ key.T / 0.07
        expected.append((F.cross_entropy(logits, torch.arange(5)) + F.cross_entropy(logits.T, torch.arange(5))) / 2)
    torch.testing.assert_close(task.losses(outputs, batch(5))["predict"], torch.stack(expected).mean())


def test_nothing_is_learned_from_an_anomaly_or_against_it():
    task, fused = make().train(), fusion(*NAMES)
    given = tokens(6, *NAMES)
    loss = task.losses(task(given, fused, batch(6, (4, 5))), batch(6, (4, 5)))["predict"]
    known = {name: value.clone() for name, value in task.state_dict().items()}
    task = make().train()
    few = {name: Tokens(own.features[:4], own.mask[:4]) for name, own in given.items()}
    torch.testing.assert_close(loss, task.losses(task(few, fused, batch(4, None)), batch(4, None))["predict"])
    torch.testing.assert_close({**task.state_dict()}, known)


def test_what_is_usual_is_followed_while_training_alone():
    task, fused, given = make().eval(), fusion(*NAMES), tokens(6, *NAMES)
    task.losses(task(given, fused, batch(6)), batch(6))
    assert int(task.normal.count) == 0
    task.train().losses(task(given, fused, batch(6)), batch(6))
    assert int(task.normal.count) == int(task.usual["prediction_error"].count) == 1
    torch.testing.assert_close(task.normal.mean, fused(given).pool().mean(0))


@pytest.mark.parametrize("names", [NAMES[:1], NAMES[:2]])
@pytest.mark.parametrize("rows", [1, 3])
def test_missing_inputs_and_nothing_but_anomalies_leave_everything_finite(names, rows):
    task, fused, given = make().train(), fusion(*names), tokens(rows, *names)
    given[names[0]].mask.zero_()
    for one in (batch(rows), batch(rows, tuple(range(rows))), batch(rows, None)):
        task.zero_grad()
        loss = task.losses(task(given, fused, one), one)["predict"]
        loss.backward()
        assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())
        json.dumps(task.predictions(task(given, fused, one), one), allow_nan=False)
    row = task.predictions(task(given, fused, batch(rows)), batch(rows))[0]
    assert row["prediction_error"] is None and (len(names) == 2 or row["score"] == 0)


def test_each_row_tells_score_answer_parts_and_target():
    task = make(threshold=2.0)
    parts, defined = torch.tensor([[1.0, 2.5], [0.5, 9.0]]), torch.tensor([[True, True], [True, False]])
    outputs = {"scores": torch.tensor([2.5, 0.5]), "parts": parts, "defined": defined}
    assert json.loads(json.dumps(task.predictions(outputs, batch(2, (0,))))) == [
        {"id": "s0", "score": 2.5, "anomaly": True, "distance": 1.0, "prediction_error": 2.5, "target": True},
        {"id": "s1", "score": 0.5, "anomaly": False, "distance": 0.5, "prediction_error": None, "target": False},
    ]
    assert "target" not in task.predictions(outputs, batch(2, None))[0]


def test_metrics_are_nan_without_anomalies_and_the_loss_can_decide_instead():
    task = make()
    assert (task.monitor, task.mode) == ("auroc", "max")
    metrics = task.metrics()
    task.measure(metrics, {"scores": torch.arange(4.0)}, batch(4))
    assert set(metrics.compute()) == {"auroc", "ap", "false_alarms_per_hour"}
    assert all(value.isnan() for value in metrics.compute().values())
    task.measure(metrics, {"scores": torch.arange(4.0) - 1}, batch(4, (3,)))
    assert metrics.compute()["auroc"] == pytest.approx(5.5 / 7)
    assert (make(monitor="loss").monitor, make(monitor="loss").mode) == ("loss", "min")


def test_pictures_show_the_scores_the_curve_and_what_surprised_most():
    task = make()
    task.encoded = ("camera", "microphone", "text")
    sound = Waveform(np.random.default_rng(0).normal(size=2000).astype(np.float32), 8000)
    rows = [{"id": str(i), "score": float(i), "target": i > 10} for i in range(12)]
    inputs = {"camera": np.zeros((4, 4, 3), np.uint8), "microphone": sound, "text": "x"}
    samples = [Sample(row["id"], inputs, {"incident": "burst"}) for row in rows]
    figures = task.plots(rows, samples)
    assert list(figures) == ["scores", "roc", "images", "audio"]
    titles = [axes.get_title() for axes in figures["images"].axes]
    assert titles[:2] == ["11.0 burst", "10.0 normal"] and len(titles) == 8
    unknown = [{"id": "0", "score": 1.0}]
    assert list(task.plots(unknown, samples[:1])) == ["images", "audio"]
    assert list(task.plots(rows[:3], [Sample("x", {}, {})] * 3)) == ["scores"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recall": 0.0}, r"recall must be in \(0, 1\], got 0.0"),
        ({"window": -1.0}, "window must be positive, got -1.0"),
        ({"monitor": "f1"}, "monitor must be auroc, ap, loss, got 'f1'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


def test_half_precision_changes_little_of_what_is_usual():
    fused, given, known = fusion(*NAMES), tokens(16, *NAMES), []
    for half in (False, True):
        task = make().train()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = task.losses(task(given, fused, batch(16)), batch(16))["predict"]
        assert loss.dtype == task.normal.covariance.dtype == torch.float32
        known.append(task.normal.mean)
    torch.testing.assert_close(*known, atol=0.02, rtol=0.02)


def test_an_untrained_task_scores_too():
    outputs = make().eval()(tokens(3, *NAMES), fusion(*NAMES), batch(3))
    assert outputs["scores"].shape == (3,) and all(map(math.isfinite, outputs["scores"].tolist()))
