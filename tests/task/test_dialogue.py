from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Sample, Tokens
from mmexp.decoder.fused import FusedDecoder
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.fusion.gated import GatedFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.dialogue import Dialogue
from mmexp.transform.text import Tokenizer

DIM, REPLIES = 16, ["it is red", "in the top left corner", "it is a red ball"]


@pytest.fixture
def make(tmp_path):
    words = Tokenizer.train(REPLIES, tmp_path / "tokenizer.json")

    def make(**options: object) -> Dialogue:
        torch.manual_seed(0)
        prefix = LSTMEncoder(dim=DIM, vocab_size=words.vocab_size, tokenizer=words.path, causal=True, max_length=8)
        return Dialogue(decoder=FusedDecoder(prefix=prefix, max_length=prefix.max_length, dropout=0.0), **options)

    return make


def fusion() -> GatedFusion:
    torch.manual_seed(1)
    return GatedFusion(dim=DIM, modalities=("prefix", "image", "history"), pool=MeanPool())


def tokens(rows: int = 3) -> dict[str, Tokens]:
    torch.manual_seed(2)
    mask = torch.ones(rows, 4, dtype=torch.bool)
    return {name: Tokens(torch.randn(rows, 4, DIM), mask.clone()) for name in ("image", "history")}


def batch(task: Dialogue, replies: list[str | None]) -> Batch:
    transform = task.transforms()["reply"]
    collated = transform.collate([None if one is None else transform.prepare(one) for one in replies])
    return Batch({}, {"reply": collated}, tuple(f"s{i}" for i in range(len(replies))))


def test_it_learns_the_reply_of_each_sample(make):
    task, fused, given = make(), fusion(), batch(make(), REPLIES)
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=2e-2)
    for _ in range(60):
        optimizer.zero_grad()
        task.losses(task(tokens(), fused, given), given)["reply"].backward()
        optimizer.step()
    task.eval(), fused.eval()
    outputs, metrics = task(tokens(), fused, given), task.metrics()
    task.measure(metrics, outputs, given)
    values = metrics.compute()
    assert outputs["text"] == REPLIES and set(values) == {"perplexity", "bleu1", "bleu4", "exact"}
    assert values["exact"] == values["bleu1"] == values["bleu4"] == 1 and 1 < values["perplexity"] < 1.1


def test_perplexity_is_that_of_the_true_replies_over_all_batches(make):
    task, fused, metrics = make(label_smoothing=0.1).eval(), fusion(), make().metrics()
    parts = [(tokens(2), batch(task, REPLIES[:2])), (tokens(1), batch(task, REPLIES[2:]))]
    terms = []
    for own, given in parts:
        outputs = task(own, fused, given)
        task.measure(metrics, outputs, given)
        terms.append(F.cross_entropy(outputs["logits"], outputs["targets"], reduction="none"))
    assert torch.cat(terms).numel() == 3 + 5 + 5 + 3  # with the ends
    torch.testing.assert_close(metrics.compute()["perplexity"], torch.cat(terms).mean().exp())


def test_each_row_tells_the_reply_its_score_and_the_target(make):
    task = make().eval()
    given = batch(task, ["it is red", None, "A ball?"])
    rows = json.loads(json.dumps(task.predictions(task(tokens(), fusion(), given), given)))
    assert [row["target"] for row in rows] == ["it is red", None, "A ball?"]
    assert all(set(row) == {"id", "reply", "score", "target"} and row["score"] < 0 for row in rows)
    blank = Batch({}, {}, ("s0", "s1", "s2"))
    (first, *_) = task.predictions(task(tokens(), fusion(), blank), blank)
    assert set(first) == {"id", "reply", "score"}


def test_missing_inputs_and_replies_leave_everything_finite(make):
    task, given = make(), tokens(1)
    for own in given.values():
        own.mask.zero_()
    for known in (batch(task, [None]), batch(task, ["?"]), Batch({}, {}, ("s0",))):
        loss = task.train().losses(task(given, fusion(), known), known)["reply"]
        loss.backward()
        assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())
        outputs = task.eval()(given, fusion(), known)
        task.measure(task.metrics(), outputs, known)
        assert outputs["score"].isfinite().all()


def test_fewer_beams_than_one_are_refused(make):
    with pytest.raises(ValueError, match="Dialogue: beams must be at least 1, got 0"):
        make(beams=0)


def test_its_pictures_show_the_talks(make):
    sample = Sample("1", {"image": np.zeros((4, 4, 3), np.uint8), "history": ("what is it",)}, {})
    assert set(make().plots([{"id": "1", "reply": "a ball", "score": -0.1}], [sample])) == {"dialogues"}
