from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Padded, Tokens
from mmexp.decoder.fused import FusedDecoder
from mmexp.encoder.text.transformer import TransformerEncoder
from mmexp.fusion.attention import AttentionFusion
from mmexp.task.answer_generation import AnswerGeneration
from mmexp.task.base_generation import TextGeneration
from mmexp.task.captioning import Captioning
from mmexp.transform.text import Tokenizer

DIM = 16


@pytest.fixture
def make(tokenizer: str):
    def make(cls: type[TextGeneration] = AnswerGeneration, **options: object) -> TextGeneration:
        torch.manual_seed(0)
        size = Tokenizer(tokenizer).vocab_size
        prefix = TransformerEncoder(
            dim=DIM, vocab_size=size, tokenizer=tokenizer, causal=True, max_length=8, dropout=0.0
        )
        return cls(
            decoder=FusedDecoder(prefix=prefix, max_length=prefix.max_length, dropout=0.0),
            label_smoothing=0.0,
            **options,
        )

    return make


def fusion() -> AttentionFusion:
    torch.manual_seed(1)
    return AttentionFusion(dim=DIM, modalities=("prefix", "image"), dropout=0.0)


def image(rows: int) -> dict[str, Tokens]:
    torch.manual_seed(2)
    return {"image": Tokens(torch.randn(rows, 3, DIM), torch.ones(rows, 3, dtype=torch.bool))}


@pytest.mark.parametrize("beams", [1, 3])
def test_the_score_of_an_answer_is_the_mean_log_probability_of_its_words(make, beams):
    task, fused, given = make(beams=beams).eval(), fusion().eval(), image(2)
    outputs = task(given, fused, Batch({}, {}, ("a", "b")))
    for row, text in enumerate(outputs["text"]):
        words = task.decoder.prefix.transform.tokenizer.encode(text)
        ids = torch.tensor([[Tokenizer.bos, *words, Tokenizer.eos]])[:, : task.decoder.prefix.max_length]
        prefix = task.decoder.prefix(Padded(ids[:, :-1], torch.ones_like(ids[:, :-1], dtype=torch.bool)))
        own = {"image": Tokens(given["image"].features[row, None], given["image"].mask[row, None])}
        logits = task.decoder.head(fused.onto(prefix, own).features, task.decoder.bias + task.decoder.never)[0]
        expected = -F.cross_entropy(logits, ids[0, 1:])
        assert outputs["score"][row].item() == pytest.approx(expected.item(), abs=1e-5)


def test_one_machinery_teaches_answers_as_it_teaches_captions(make, tmp_path: Path):
    words, losses = ["a red ball", "two cats"], []
    for task, name in ((make(), "answer"), (make(Captioning, scores={"references": str(tmp_path)}), "captions")):
        transform = task.transforms()[name]
        raw = words if name == "answer" else [[text] for text in ("red ball", "2 cats")]
        given = Batch({}, {name: transform.collate([transform.prepare(one) for one in raw])}, ("a", "b"))
        (loss,) = task.losses(task.train()(image(2), fusion(), given), given).values()
        losses.append(loss)
    torch.testing.assert_close(*losses)


def test_fewer_beams_than_one_are_refused_in_the_name_of_the_task(make):
    with pytest.raises(ValueError, match="AnswerGeneration: beams must be at least 1, got 0"):
        make(beams=0)
