from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Sample, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.concat import ConcatFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.tagging import Tagging
from mmexp.transform.tags import repaired

DIM = 8
CLASSES = ["B-x", "B-y", "I-x", "O"]
RAW = [["B-x", "I-x", "O", "B-y"], ["O", "B-y"], ["B-x"]]


def make(**options: object) -> Tagging:
    torch.manual_seed(0)
    return Tagging(**{"dim": DIM, "classes": CLASSES, "dropout": 0.0, **options})


def fusion() -> ConcatFusion:
    return ConcatFusion(dim=DIM, modalities=["words", "image"], pool=MeanPool())


def tokens(lengths: list[int]) -> dict[str, Tokens]:
    torch.manual_seed(1)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    words = Tokens(torch.randn(len(lengths), max(lengths), DIM), mask)
    return {"image": Tokens(torch.randn(len(lengths), 3, DIM), torch.ones(len(lengths), 3).bool()), "words": words}


def batch(task: Tagging, raw: list[list[str] | None]) -> Batch:
    transform = task.transforms()["tags"]
    tags = transform.collate([None if row is None else transform.prepare(row) for row in raw])
    return Batch({}, {"tags": tags}, tuple(f"s{i}" for i in range(len(raw))))


def test_the_loss_is_the_mean_over_all_real_words():
    task, given = make().eval(), tokens([4, 2, 1])
    outputs, known = task(given, fusion(), batch(task, RAW)), batch(task, RAW)
    terms = [
        F.cross_entropy(outputs["logits"][i, j], torch.tensor(task.tags.index(tag)))
        for i, row in enumerate(RAW)
        for j, tag in enumerate(row)
    ]
    torch.testing.assert_close(task.losses(outputs, known)["tags"], torch.stack(terms).mean())


def test_the_loss_of_whole_rows_is_cross_entropy_where_every_row_is_legal():
    """With one type that only begins, nothing is forbidden but the type's I-, which is made impossible."""
    plain, whole = make(classes=["O", "B-x"]), make(classes=["O", "B-x"], crf=True)
    raw = [["B-x", "O", "B-x"], ["O", "B-x"]]
    given = batch(plain, raw)
    logits = torch.randn(2, 3, 3)
    logits[..., 2] = -1e4
    outputs = {"logits": logits, "mask": given.targets["tags"].values.mask}
    torch.testing.assert_close(whole.losses(outputs, given)["tags"], plain.losses(outputs, given)["tags"])


@pytest.mark.parametrize("crf", [False, True])
@pytest.mark.parametrize("raw", [[None, None], [[], ["O"]], [["B-new"], None], [["O"] * 9, ["B-x"] * 2], []])
def test_missing_words_and_tags_and_rows_of_another_length_leave_everything_finite(crf, raw):
    task, given = make(crf=crf), tokens([4, 2])
    given["words"].mask[0] = False
    labelled = batch(task, raw) if raw else Batch({}, {}, ("s0", "s1"))
    loss = task.losses(task(given, fusion(), labelled), labelled)["tags"]
    loss.backward()
    task.eval().measure(task.metrics(), task(given, fusion(), labelled), labelled)
    json.dumps(task.predictions(task(given, fusion(), labelled), labelled), allow_nan=False)
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_each_row_tells_legal_tags_their_entities_and_the_target():
    task, given = make().eval(), tokens([4, 2, 1])
    rows = task.predictions(task(given, fusion(), batch(task, RAW)), batch(task, RAW))
    assert [row["target"] for row in rows] == RAW
    for row, raw in zip(rows, RAW, strict=True):
        assert len(row["tags"]) == len(raw) and repaired(row["tags"]) == row["tags"] and 0 < row["score"] <= 1
        assert [row["tags"][one["start"]] for one in row["entities"]] == [f"B-{one['type']}" for one in row["entities"]]
    assert (
        "target"
        not in task.predictions(task(given, fusion(), Batch({}, {}, ("a", "b", "c"))), Batch({}, {}, tuple("abc")))[0]
    )


def test_words_that_were_not_read_have_no_entity():
    task, given = make().eval(), tokens([2])
    (row,) = task.predictions(task(given, fusion(), batch(task, RAW[:1])), batch(task, RAW[:1]))
    assert len(row["tags"]) == 4 and row["tags"][2:] == ["O", "O"]


@pytest.mark.parametrize("crf", [False, True])
def test_it_learns_a_tag_that_only_the_picture_tells(crf):
    task = make(crf=crf)
    fuse = AttentionFusion(dim=DIM, modalities=["words", "image"], dropout=0.0)
    given, known = tokens([3, 3, 3, 3]), [["O", f"B-{kind}", "O"] for kind in "xyxy"]
    given["words"].features[:] = given["words"].features[:1]
    optimizer = torch.optim.Adam([*task.parameters(), *fuse.parameters()], lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        task.losses(task(given, fuse, batch(task, known)), batch(task, known))["tags"].backward()
        optimizer.step()
    task.eval()
    metrics, outputs = task.metrics(), task(given, fuse, batch(task, known))
    task.measure(metrics, outputs, batch(task, known))
    assert metrics.compute()["f1"] == 1


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["O", "S-x"], "classes must be O, B-<type> or I-<type>, got 'S-x'"),
        (["O", "B-"], "classes must be O, B-<type> or I-<type>, got 'B-'"),
        (["O"], r"classes must have a type, got \['O'\]"),
    ],
)
def test_other_schemes_are_refused(classes, message):
    with pytest.raises(ValueError, match=message):
        make(classes=classes)


def test_its_pictures_are_a_confusion_matrix_and_sentences():
    rows = [{"id": "1", "tags": ["B-x", "O"], "target": ["B-y", "O"]}, {"id": "2", "tags": ["O"]}]
    samples = [Sample("1", {"words": ["a", "b"]}, {}), Sample("2", {"image": np.zeros((2, 2, 3), np.uint8)}, {})]
    assert set(make().plots(rows, samples)) == {"confusion", "sentences"}
    assert make().plots(rows[1:], samples[1:]) == {}


def test_words_come_first_and_cannot_be_left_out():
    assert make().slots(["image", "words"]) == ("words", "image")
    with pytest.raises(ConfigError, match="inputs must include words, got image, text"):
        make().slots(["image", "text"])


def test_entities_that_begin_with_an_i_count_as_true_ones():
    task = make()
    given = batch(task, [["I-x", "I-x", "O", "I-y"]])
    metrics = task.metrics()
    metrics["entities"].update([["B-x", "I-x", "O", "B-y"]], given.targets["tags"].raw)
    assert metrics.compute()["f1"] == 1
