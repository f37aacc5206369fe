from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Padded, Tokens
from mmexp.decoder.fused import FusedDecoder
from mmexp.decoding.search import beam
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.encoder.text.transformer import TransformerEncoder
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.base import Fusion
from mmexp.fusion.gated import GatedFusion
from mmexp.fusion.none import NoFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.captioning import Captioning, bag_of_words_loss
from mmexp.transform.text import Tokenizer

DIM = 16
TEXTS = [["a red dog runs", "a dog"], ["the cat sits on the mat"], ["two birds", "birds in a tree", "blue birds fly"]]


@pytest.fixture
def vocabulary(tmp_path: Path) -> Tokenizer:
    return Tokenizer.train([text for row in TEXTS for text in row], tmp_path / "tokenizer.json")


@pytest.fixture
def make(vocabulary: Tokenizer, tmp_path: Path):
    references = tmp_path / "references.jsonl"
    references.write_text("".join(json.dumps(row) + "\n" for row in TEXTS))

    def make(encoder: type = TransformerEncoder, **options: object) -> Captioning:
        torch.manual_seed(0)
        words = {"vocab_size": vocabulary.vocab_size, "tokenizer": vocabulary.path, "max_length": 9}
        prefix = encoder(dim=DIM, causal=True, dropout=0.0, **words)
        return Captioning(
            decoder=FusedDecoder(prefix=prefix, max_length=prefix.max_length, dropout=0.0),
            scores={"references": str(references)},
            **options,
        )

    return make


def fusions() -> list[Fusion]:
    torch.manual_seed(1)
    names = ("text", "image")
    return [
        GatedFusion(dim=DIM, modalities=names, pool=MeanPool()),
        AttentionFusion(dim=DIM, modalities=names, dropout=0.0),
    ]


def image(rows: int = 3) -> dict[str, Tokens]:
    torch.manual_seed(2)
    return {"image": Tokens(torch.randn(rows, 4, DIM), torch.ones(rows, 4, dtype=torch.bool))}


def single(tokens: dict[str, Tokens], row: int) -> dict[str, Tokens]:
    return {name: Tokens(own.features[row, None], own.mask[row, None]) for name, own in tokens.items()}


def batch(task: Captioning, texts: list[list[str] | None]) -> Batch:
    transform = task.transforms()["captions"]
    captions = transform.collate([None if row is None else transform.prepare(row) for row in texts])
    return Batch({}, {"captions": captions}, tuple(f"s{i}" for i in range(len(texts))))


def blank(rows: int = 3) -> Batch:
    return Batch({}, {}, tuple(map(str, range(rows))))


@pytest.mark.parametrize("encoder", [TransformerEncoder, LSTMEncoder])
@pytest.mark.parametrize("fusion", fusions(), ids=["gated", "attention"])
def test_writing_word_by_word_scores_words_as_teaching_does(make, encoder, fusion):
    task = make(encoder).eval()
    fusion.eval()
    given, tokens = batch(task, TEXTS), image()
    taught = task.teacher_forcing(tokens, fusion, given.targets["captions"].ids)["logits"].split(
        given.targets["captions"].ids.mask[..., 1:].sum((1, 2)).tolist()
    )
    for row, texts in enumerate(TEXTS):
        step = task.decoder.step(fusion.bind(single(tokens, row)), 1)
        told = []
        for text in texts:
            cache = None
            for word in [Tokenizer.bos, *task.decoder.prefix.transform.tokenizer.encode(text)]:
                logits, cache = step(torch.tensor([word]), cache)
                told.append(logits[0])
        allowed = task.decoder.never == 0
        torch.testing.assert_close(torch.stack(told)[:, allowed], taught[row][:, allowed])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_all_words_of_all_captions(make, smoothing):
    task = make(label_smoothing=smoothing)
    fusion, tokens, given = fusions()[0], image(), batch(make(), TEXTS)
    terms = []
    for row, texts in enumerate(TEXTS):
        for text in texts:
            ids = torch.tensor([[Tokenizer.bos, *task.decoder.prefix.transform.tokenizer.encode(text), Tokenizer.eos]])
            words = task.decoder.prefix(Padded(ids[:, :-1], torch.ones_like(ids[:, :-1], dtype=torch.bool)))
            logits = task.decoder.head(fusion.onto(words, single(tokens, row)).features)[0]
            terms.append(F.cross_entropy(logits, ids[0, 1:], label_smoothing=smoothing, reduction="none"))
    loss = task.losses(task(tokens, fusion, given), given)["caption"]
    torch.testing.assert_close(loss, torch.cat(terms).mean())


def test_words_loss_agrees_with_the_plain_form(make):
    task = make(words_weight=0.5)
    given, tokens = batch(task, [*TEXTS[:2], None]), image()
    outputs = task(tokens, fusions()[0], given)
    log = task.words(tokens["image"].features.mean(1)).log_softmax(-1)
    terms = []
    for row, texts in enumerate(TEXTS[:2]):
        used = sorted({i for text in texts for i in task.decoder.prefix.transform.tokenizer.encode(text)})
        terms.append(-log[row, used].mean())
    expected = torch.stack(terms).mean()
    torch.testing.assert_close(
        bag_of_words_loss(outputs["words"], given.targets["captions"].ids, Tokenizer.special), expected
    )
    torch.testing.assert_close(task.losses(outputs, given)["words"], 0.5 * expected)


def test_it_learns_to_tell_inputs_apart(make):
    task, fusion, tokens = make(label_smoothing=0.0, words_weight=0.1), fusions()[1], image()
    given = batch(task, [row[:1] for row in TEXTS])
    optimizer = torch.optim.AdamW([*task.parameters(), *fusion.parameters()], lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        torch.stack(list(task.losses(task(tokens, fusion, given), given).values())).sum().backward()
        optimizer.step()
    task.eval(), fusion.eval()
    outputs, metrics = task(tokens, fusion, given), task.metrics()
    assert outputs["caption"] == outputs["greedy"] == [row[0] for row in TEXTS]
    task.measure(metrics, outputs, given)
    values = metrics.compute()
    scores = {"bleu1", "bleu2", "bleu3", "bleu4", "rouge_l", "cider", "greedy_bleu4", "greedy_cider"}
    assert {*values} == scores | {"distinct1", "distinct2", "length"}
    assert values["bleu4"] == values["greedy_bleu4"] == values["rouge_l"] == 1
    assert values["cider"] == values["greedy_cider"] > 5 and task.monitor in values
    assert values["length"] == 4 and values["distinct1"] == pytest.approx(11 / 12)


@pytest.mark.parametrize(("count", "taught"), [(None, 3), (2, 2)])
def test_as_many_captions_of_an_image_are_drawn_as_asked_for_and_one_by_default(make, count, taught):
    drawn = [task.transforms()["captions"] for task in (make(captions_per_image=count), make())]
    rows = [own.augment(own.prepare(TEXTS[2]), np.random.default_rng(0)) for own in drawn]
    assert [len(row) for row in rows] == [taught, 1]


def test_each_row_tells_the_caption_its_score_and_the_references(make):
    task = make().eval()
    given = batch(task, TEXTS)
    rows = json.loads(json.dumps(task.predictions(task(image(), fusions()[0], given), given)))
    assert [row["id"] for row in rows] == ["s0", "s1", "s2"] and [row["references"] for row in rows] == TEXTS
    assert all(set(row) == {"id", "caption", "greedy", "score", "references"} and row["score"] < 0 for row in rows)


def test_it_answers_without_targets(make):
    task = make().eval()
    outputs = task(image(), fusions()[0], blank())
    assert [set(row) for row in task.predictions(outputs, blank())] == [{"id", "caption", "greedy", "score"}] * 3


def test_padding_begin_and_unknown_are_never_written(make):
    task, fusion = make().eval(), fusions()[0]
    banned = [Tokenizer.pad, Tokenizer.bos, Tokenizer.unk]
    task.decoder.bias.data[banned] = 50.0
    step = task.decoder.step(fusion.bind(image()), 3)
    found = beam(step, torch.full((3,), Tokenizer.bos), beams=4, end=Tokenizer.eos, pad=Tokenizer.pad, max_length=8)
    for row in found.ids.tolist():
        words = row[: row.index(Tokenizer.eos)] if Tokenizer.eos in row else row
        assert not set(words) & set(banned)


def test_no_caption_is_longer_than_the_prefix_can_read(make):
    task = make(LSTMEncoder).eval()
    task.decoder.bias.data[Tokenizer.eos] = -100
    outputs = task(image(), fusions()[0], blank())
    assert all(len(text.split()) == 8 for text in outputs["caption"] + outputs["greedy"])


@pytest.mark.parametrize("fusion", fusions(), ids=["gated", "attention"])
@pytest.mark.parametrize("texts", [[None], [["a dog"]], [["", "a dog"]], [[]]])
def test_missing_inputs_and_captions_leave_everything_finite(make, fusion, texts):
    task, tokens = make(words_weight=1.0), image(1)
    tokens["image"].mask.zero_()
    given = batch(task, texts)
    loss = torch.stack(list(task.losses(task(tokens, fusion, given), given).values())).sum()
    loss.backward()
    assert loss.isfinite() and all(p.grad.isfinite().all() for p in task.parameters() if p.grad is not None)
    task.eval()
    outputs, metrics = task(tokens, fusion, given), task.metrics()
    task.measure(metrics, outputs, given)
    assert outputs["score"].isfinite().all() and metrics.compute()["bleu4"].isnan() == (not texts[0])


def test_a_language_model_without_inputs_is_the_empty_context(make):
    task, fusion = make(words_weight=1.0), NoFusion(dim=DIM, modalities=["text"])
    given = batch(task, TEXTS)
    task.losses(task({}, fusion, given), given)["caption"].backward()
    assert len(task.eval()({}, fusion, blank())["caption"]) == 3


def test_one_beam_is_greedy_search_and_fewer_are_refused(make):
    task = make(beams=1).eval()
    outputs = task(image(), fusions()[0], blank())
    assert outputs["caption"] == outputs["greedy"]
    with pytest.raises(ValueError, match="beams must be at least 1, got 0"):
        make(beams=0)


def test_dropped_words_are_hidden_while_training_only(make):
    task, fusion = make(word_dropout=1.0), fusions()[0]
    rows = [batch(task, [[text]]).targets["captions"].ids for text in ("a red dog", "two blue birds")]
    hidden = [task.teacher_forcing(image(1), fusion, ids)["logits"] for ids in rows]
    assert torch.equal(*hidden)
    task.eval()
    assert not torch.equal(*(task.teacher_forcing(image(1), fusion, ids)["logits"] for ids in rows))


def test_a_drawn_caption_depends_on_the_id_of_its_sample_alone(make):
    task, fusion, tokens = make(sampling={"temperature": 1.5}).eval(), fusions()[1], image()
    given = batch(task, TEXTS)
    torch.manual_seed(1)
    rows = task.predictions(task(tokens, fusion, given), given)
    torch.manual_seed(2)
    for number, row in enumerate(rows):
        one = Batch({}, {}, (row["id"],))
        assert task(single(tokens, number), fusion, one)["sampled"] == [row["sampled"]]
    others = Batch({}, {}, ("a", "b", "c"))
    assert task(tokens, fusion, others)["sampled"] != [row["sampled"] for row in rows]


def test_drawn_captions_are_measured_beside_those_of_beam_search(make):
    task = make(sampling={})
    outputs = {"caption": ["a a", "a dog"], "greedy": ["", ""], "sampled": ["a red dog runs", "two birds"]}
    given, metrics = batch(task, TEXTS[:2]), task.metrics()
    task.measure(metrics, outputs, given)
    values = metrics.compute()
    assert values["length"] == 2 and values["sampled_length"] == 3
    assert values["distinct1"] == 0.5 and values["sampled_distinct1"] == values["sampled_distinct2"] == 1
    assert (task.nucleus.top_p, task.nucleus.temperature) == (0.9, 1.0) and make().nucleus is None


def test_a_sampling_out_of_range_is_refused(make):
    with pytest.raises(ValueError, match=r"top_p must be in \(0, 1\], got 2"):
        make(sampling={"top_p": 2})
    with pytest.raises(TypeError, match="unexpected keyword argument 'topp'"):
        make(sampling={"topp": 0.5})
