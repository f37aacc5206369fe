from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Padded, Tokens
from mmexp.decoder.fused import FusedDecoder
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.fusion.attention import AttentionFusion
from mmexp.task.transcription import Transcription, timed
from mmexp.transform.text import Tokenizer

DIM = 16
SAID = ["metal red", "Wood blue, wood blue!", None]


@pytest.fixture
def task(tmp_path: Path) -> Transcription:
    torch.manual_seed(0)
    words = Tokenizer.train(["metal red wood blue"], tmp_path / "tokenizer.json")
    sizes = {"vocab_size": words.vocab_size, "tokenizer": words.path, "max_length": 8}
    prefix = LSTMEncoder(dim=DIM, causal=True, dropout=0.0, **sizes)
    return Transcription(
        decoder=FusedDecoder(prefix=prefix, max_length=prefix.max_length, dropout=0.0), label_smoothing=0.1
    )


def given() -> tuple[dict[str, Tokens], AttentionFusion]:
    torch.manual_seed(1)
    tokens = {name: Tokens(torch.randn(3, 5, DIM), torch.ones(3, 5).bool()) for name in ("audio", "image")}
    return tokens, AttentionFusion(dim=DIM, modalities=["prefix", "audio", "image"], dropout=0.0)


def batch(task: Transcription) -> Batch:
    transform = task.transforms()["transcript"]
    said = transform.collate([None if text is None else transform.prepare(text) for text in SAID])
    return Batch({}, {"transcript": said}, ("s0", "s1", "s2"))


def test_the_loss_is_the_mean_over_all_words(task):
    task.eval()
    (tokens, fusion), terms = given(), []
    fusion.eval()
    placed = {**tokens, "audio": timed(tokens["audio"])}
    for row, text in enumerate(SAID[:2]):
        ids = torch.tensor([[Tokenizer.bos, *task.decoder.prefix.transform.tokenizer.encode(text), Tokenizer.eos]])
        words = task.decoder.prefix(Padded(ids[:, :-1], torch.ones_like(ids[:, :-1]).bool()))
        own = {name: Tokens(one.features[row, None], one.mask[row, None]) for name, one in placed.items()}
        logits = task.decoder.head(fusion.onto(words, own).features)[0]
        terms.append(F.cross_entropy(logits, ids[0, 1:], label_smoothing=0.1, reduction="none"))
    loss = task.losses(task(tokens, fusion, batch(task)), batch(task))["transcript"]
    torch.testing.assert_close(loss, torch.cat(terms).mean())


def test_each_row_tells_what_was_heard_and_what_was_said(task):
    tokens, fusion = given()
    rows = task.eval().predictions(task(tokens, fusion, batch(task)), batch(task))
    assert [row["target"] for row in rows] == ["metal red", "wood blue wood blue", None]
    metrics = task.metrics()
    task.measure(metrics, task(tokens, fusion, batch(task)), batch(task))
    assert set(metrics.compute()) == {"wer", "cer"} and (task.monitor, task.mode) == ("wer", "min")
    blank = Batch({}, {}, ("s0", "s1", "s2"))
    told = task.predictions(task(tokens, fusion, blank), blank)
    assert [row["transcript"] for row in told] == [row["transcript"] for row in rows]
    json.dumps(told, allow_nan=False)


def test_sound_alone_is_told_where_its_tokens_stand(task):
    tokens, fusion = given()
    swapped = Tokens(tokens["audio"].features.flip(1), tokens["audio"].mask)
    with torch.no_grad():
        one, other = (
            task(inputs, fusion.eval(), batch(task))["logits"] for inputs in (tokens, {**tokens, "audio": swapped})
        )
        still = task(
            {**tokens, "image": Tokens(tokens["image"].features.flip(1), tokens["image"].mask)}, fusion, batch(task)
        )
    assert (one - other).abs().max() > 1e-3
    torch.testing.assert_close(still["logits"], one)


@pytest.mark.parametrize("dim", [6, 7])
def test_places_are_told_by_sinusoids(dim):
    waves = timed(Tokens(torch.zeros(1, 4, dim), torch.ones(1, 4).bool())).features[0]
    for place in range(4):
        for i in range(dim):
            angle = place / 10000 ** (2 * (i // 2) / dim)
            assert waves[place, i].item() == pytest.approx(math.cos(angle) if i % 2 else math.sin(angle), abs=1e-6)


def test_lips_may_be_read_without_sound(task):
    assert task.slots(["video", "image"]) == ("prefix", "video", "image")
