from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch
from sklearn import metrics as sk
from torch.nn import functional as F

from mmexp.contract import Batch, Tokens
from mmexp.fusion.concat import ConcatFusion
from mmexp.fusion.soft_voting import SoftVotingFusion
from mmexp.loss.cross_entropy import CrossEntropyLoss
from mmexp.pool.attention import AttentionPool
from mmexp.pool.mean import MeanPool
from mmexp.task.classification import Classification

DIM, CLASSES = 8, ["cat", "cow", "dog"]


def make(**options: object) -> Classification:
    torch.manual_seed(0)
    return Classification(**{"pool": MeanPool(), "dim": DIM, "classes": CLASSES, "target": "label", **options})


def fusion() -> ConcatFusion:
    return ConcatFusion(dim=DIM, modalities=["image", "text"], pool=MeanPool())


def tokens(rows: int) -> dict[str, Tokens]:
    torch.manual_seed(1)
    return {m: Tokens(torch.randn(rows, 3, DIM), torch.ones(rows, 3, dtype=torch.bool)) for m in ("image", "text")}


def batch(task: Classification, raw: list[object]) -> Batch:
    transform = task.transforms()["label"]
    labels = transform.collate([None if value is None else transform.prepare(value) for value in raw])
    return Batch({}, {"label": labels}, tuple(f"s{i}" for i in range(len(raw))))


def scored(task: Classification, raw: list[object], seed: int = 0) -> tuple[dict[str, float], torch.Tensor]:
    """Metrics of random scores, fed in two batches."""
    torch.manual_seed(seed)
    logits = torch.randn(len(raw), len(task.classes))
    scores = logits.sigmoid() if task.form == "multilabel" else logits.softmax(-1)
    collection = task.metrics()
    for part in (slice(0, 7), slice(7, None)):
        task.measure(collection, {"logits": logits[part], "scores": scores[part]}, batch(task, raw[part]))
    return {name: value.item() for name, value in collection.compute().items()}, scores


def test_measures_of_many_classes_agree_with_sklearn():
    raw = [CLASSES[i % 3] for i in range(5, 35)]
    values, scores = scored(make(), raw)
    answers = [CLASSES[i] for i in scores.argmax(-1)]
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(raw, answers))
    assert values["f1"] == pytest.approx(sk.f1_score(raw, answers, average="macro"))
    assert values["auroc"] == pytest.approx(sk.roc_auc_score(raw, scores, multi_class="ovr"))


def expected_calibration_error(sure: torch.Tensor, right: torch.Tensor, bins: int = 15) -> float:
    edges = torch.linspace(0, 1, bins + 1)
    inside = [(sure > low) & (sure <= high) for low, high in pairwise(edges)]
    gaps = [
        abs(right[rows].double().mean() - sure[rows].mean()) * rows.double().mean() for rows in inside if rows.any()
    ]
    return sum(gap.item() for gap in gaps)


def test_calibration_and_averages_over_classes_agree_with_their_plain_forms():
    raw = [CLASSES[i % 3] for i in range(40)] + ["horse"] * 3
    values, scores = scored(make(), raw)
    answers = [CLASSES[i] for i in scores.argmax(-1)]
    right = torch.tensor([one == other for one, other in zip(raw, answers, strict=True)])
    assert values["ece"] == pytest.approx(expected_calibration_error(scores.amax(-1), right), abs=1e-5)
    assert values["f1_micro"] == pytest.approx(sk.f1_score(raw, answers, average="micro"))
    assert values["f1_macro"] == values["f1"]


def test_calibration_and_averages_of_several_labels_agree_with_their_plain_forms():
    raw = [[name for j, name in enumerate(CLASSES) if (i >> j) % 2] for i in range(30)]
    values, scores = scored(make(form="multilabel"), raw)
    truth = torch.tensor([[name in row for name in CLASSES] for row in raw])
    assert values["ece"] == pytest.approx(expected_calibration_error(scores.flatten(), truth.flatten()), abs=1e-5)
    for way in ("micro", "macro"):
        assert values[f"f1_{way}"] == pytest.approx(sk.f1_score(truth, scores > 0.5, average=way))


def test_the_mean_over_two_classes_is_told_beside_that_of_the_second():
    raw = [i % 3 // 2 for i in range(30)]
    values, scores = scored(make(classes=[0, 1], form="binary"), raw)
    assert values["f1_macro"] == pytest.approx(sk.f1_score(raw, scores.argmax(-1), average="macro")) != values["f1"]


def test_measures_of_two_classes_agree_with_sklearn():
    raw = [i % 3 // 2 for i in range(30)]
    values, scores = scored(make(classes=[0, 1], form="binary"), raw)
    answers = scores.argmax(-1)
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(raw, answers))
    assert values["f1"] == pytest.approx(sk.f1_score(raw, answers))
    assert values["auroc"] == pytest.approx(sk.roc_auc_score(raw, scores[:, 1]))


def test_measures_of_several_labels_agree_with_sklearn():
    raw = [[name for j, name in enumerate(CLASSES) if (i >> j) % 2] for i in range(30)]
    task = make(form="multilabel")
    values, scores = scored(task, raw)
    truth = [[name in row for name in CLASSES] for row in raw]
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(truth, scores > 0.5))
    assert values["f1"] == pytest.approx(sk.f1_score(truth, scores > 0.5, average="macro"))
    assert values["auroc"] == pytest.approx(sk.roc_auc_score(truth, scores, average="macro"))
    assert task.monitor == "f1"


@pytest.mark.parametrize("form", ["multiclass", "binary"])
def test_a_label_that_training_never_had_counts_as_wrong(form):
    classes = CLASSES[: 2 if form == "binary" else 3]
    task, raw = make(classes=classes, form=form), [classes[i % 2] for i in range(20)] + ["horse"] * 4
    values, scores = scored(task, raw)
    answers = [classes[i] for i in scores.argmax(-1)]
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(raw, answers))
    seen = F.one_hot(torch.tensor([i % 2 for i in range(20)]), len(classes))[:, :2].numpy()
    assert values["auroc"] == pytest.approx(sk.roc_auc_score(seen, scores[:20, :2].numpy(), average="macro"))


def test_unseen_labels_among_several_make_the_answer_wrong():
    task = make(form="multilabel")
    collection, given = task.metrics(), batch(task, [["cat"], ["cat", "horse"]])
    task.measure(collection, {"scores": torch.tensor([[0.9, 0.1, 0.1]] * 2)}, given)
    assert collection.compute()["accuracy"] == 0.5


def test_samples_without_a_label_do_not_count():
    raw = [CLASSES[i % 3] for i in range(12)]
    with_gaps, _ = scored(make(), [*raw, None, None])
    torch.manual_seed(0)
    scores = torch.randn(14, 3).softmax(-1)[:12]
    assert with_gaps["accuracy"] == pytest.approx(sk.accuracy_score(raw, [CLASSES[i] for i in scores.argmax(-1)]))


def test_the_area_is_undefined_when_one_class_is_all_there_is():
    assert torch.tensor(scored(make(), ["cat"] * 9)[0]["auroc"]).isnan()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_cross_entropy_over_the_known_labels(smoothing):
    task = make(label_smoothing=smoothing).eval()
    given = batch(task, ["dog", "horse", None, "cat"])
    outputs = task(tokens(4), fusion(), given)
    expected = F.cross_entropy(outputs["logits"][[0, 3]], torch.tensor([2, 0]), label_smoothing=smoothing)
    torch.testing.assert_close(task.losses(outputs, given)["class"], expected)


def test_the_loss_of_several_labels_is_the_mean_over_classes_and_samples():
    task = make(form="multilabel").eval()
    given = batch(task, [["dog"], None, ["cat", "horse"]])
    outputs = task(tokens(3), fusion(), given)
    targets = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    expected = F.binary_cross_entropy_with_logits(outputs["logits"][[0, 2]], targets)
    torch.testing.assert_close(task.losses(outputs, given)["class"], expected)


@pytest.mark.parametrize("form", ["multiclass", "multilabel"])
@pytest.mark.parametrize("pool", [MeanPool(), AttentionPool(dim=DIM)], ids=["mean", "attention"])
@pytest.mark.parametrize("raw", [[None], ["horse"], []])
def test_missing_inputs_and_labels_leave_everything_finite(form, pool, raw):
    task, given = make(form=form, pool=pool), tokens(1)
    for own in given.values():
        own.mask.zero_()
    labelled = batch(task, raw) if raw else Batch({}, {}, ("s0",))
    loss = task.losses(task(given, fusion(), labelled), labelled)["class"]
    loss.backward()
    task.measure(task.metrics(), task(given, fusion(), labelled), labelled)
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_each_row_tells_the_answer_the_scores_and_the_target():
    task = make().eval()
    given = batch(task, ["dog", "horse", None])
    rows = json.loads(json.dumps(task.predictions(task(tokens(3), fusion(), given), given)))
    assert [row["target"] for row in rows] == ["dog", "horse", None]
    for row in rows:
        assert sum(row["scores"].values()) == pytest.approx(1) and row["score"] == max(row["scores"].values())
        assert row["scores"][row["label"]] == row["score"]


def test_rows_of_several_labels_list_all_above_one_half():
    task = make(form="multilabel")
    (row,) = task.predictions({"scores": torch.tensor([[0.6, 0.2, 0.9]])}, Batch({}, {}, ("s0",)))
    assert row["label"] == ["cat", "dog"] and row["score"] == pytest.approx(0.9) and "target" not in row


def test_of_many_classes_the_best_five_are_told():
    task = make(classes=list(range(21)))
    (row,) = task.predictions({"scores": torch.arange(21.0)[None]}, Batch({}, {}, ("s0",)))
    assert list(row["scores"]) == ["20", "19", "18", "17", "16"] and row["label"] == 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "ordinal"}, "form must be binary, multiclass or multilabel, got 'ordinal'"),
        ({"form": "binary"}, "classes must be 2 if form is binary, got 3"),
        ({"classes": ["cat"]}, r"classes must be at least 2, got \['cat'\]"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


def test_its_pictures_are_scores_by_class_a_confusion_matrix_and_a_reliability_diagram():
    rows = [
        {"id": "1", "label": "a", "score": 0.9, "target": "a"},
        {"id": "2", "label": "b", "score": 0.6, "target": "a"},
    ]
    task = Classification(pool=MeanPool(), dim=4, classes=["a", "b"], target="label")
    assert set(task.plots(rows, [])) == {"classes", "confusion", "reliability"}
    assert task.plots([{"id": "1", "label": "a", "score": 0.9}], []) == {}
    several = make(form="multilabel").plots([{"id": "1", "label": ["cat"], "target": ["cat", "dog"]}], [])
    assert set(several) == {"classes"}


@pytest.mark.parametrize("form", ["multiclass", "multilabel"])
def test_a_fusion_of_decisions_is_asked_for_the_decision_and_its_loss(form):
    task = make(form=form).eval()
    votes = SoftVotingFusion(dim=DIM, modalities=["image", "text"], pool=MeanPool()).eval()
    given = batch(task, ["dog", None, "cat"] if form == "multiclass" else [["dog"], None, ["cat"]])
    outputs = task(tokens(3), votes, given)
    each = [task.score(Tokens(own.unsqueeze(1), torch.ones(3, 1).bool())) for own in hidden(votes).unbind(1)]
    chances = [one.sigmoid() if form == "multilabel" else one.softmax(-1) for one in each]
    torch.testing.assert_close(outputs["scores"], torch.stack(chances).mean(0))
    targets = torch.eye(3)[[2, 0]]
    criterion = F.binary_cross_entropy_with_logits if form == "multilabel" else F.cross_entropy
    expected = torch.stack([criterion(one[[0, 2]], targets) for one in each]).mean()
    torch.testing.assert_close(task.losses(outputs, given)["class"], expected)


def hidden(votes: SoftVotingFusion) -> torch.Tensor:
    return votes.outputs(torch.stack([own.pool() for own in tokens(3).values()], 1))


def test_classes_count_by_the_weights_of_the_loss():
    task = make(loss=CrossEntropyLoss(weights={"dog": 3.0})).eval()
    given = batch(task, ["dog", "cat", None])
    outputs = task(tokens(3), fusion(), given)
    rows = F.cross_entropy(outputs["logits"][:2], torch.tensor([2, 0]), reduction="none")
    torch.testing.assert_close(task.losses(outputs, given)["class"], (3 * rows[0] + rows[1]) / 2)
    assert task.notes() == [] and make(loss=CrossEntropyLoss(weights="balanced", counts=[("cat", 1)])).notes()
