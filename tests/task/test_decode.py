from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from mmexp.task.decode import beam, greedy

BEGIN, END, PAD = 1, 2, 3  # Hugging Face takes padding 0 for "none given"


@dataclass
class Prefix:
    """The plainest state: every id read so far."""

    ids: Tensor

    def select(self, rows: Tensor) -> Prefix:
        return Prefix(self.ids[rows])


def reader(model: GPT2LMHeadModel, starts: list[int] | None = None):
    def step(ids: Tensor, state: Prefix | None) -> tuple[Tensor, Prefix]:
        if starts is not None:
            starts.append(len(ids))
        whole = ids[:, None] if state is None else torch.cat([state.ids, ids[:, None]], 1)
        return model(whole).logits[:, -1], Prefix(whole)

    return step


@pytest.fixture(scope="module")
def model() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=30, n_positions=16, n_embd=16, n_layer=1, n_head=2, initializer_range=1.0, tie_word_embeddings=False,
        bos_token_id=BEGIN, eos_token_id=END, pad_token_id=PAD,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    model.lm_head.bias = torch.nn.Parameter(torch.zeros(30))
    model.lm_head.bias.data[PAD], model.lm_head.bias.data[END] = -100, 7.0
    return model


def starts() -> Tensor:
    return torch.arange(4, 16)


def longest(ids: Tensor, length: int) -> Tensor:
    return torch.nn.functional.pad(ids, (0, length - ids.shape[1]), value=PAD)


@torch.no_grad()
def generate(model: GPT2LMHeadModel, length: int, **options: object) -> Tensor:
    mask = torch.ones(len(starts()), 1, dtype=torch.long)
    ids = model.generate(starts()[:, None], attention_mask=mask, do_sample=False, max_new_tokens=length, **options)
    return longest(ids[:, 1:], length)


@torch.no_grad()
def test_greedy_search_finds_the_ids_of_hugging_face(model):
    ours = greedy(reader(model), starts(), end=END, pad=PAD, max_length=10)
    assert torch.equal(longest(ours.ids, 10), generate(model, 10))
    assert (ours.ids == END).any() and (ours.ids != END).all(1).any()


@pytest.mark.parametrize("beams", [2, 5])
@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 2.0, -1.0])
@pytest.mark.parametrize("early_stopping", [False, True])
@torch.no_grad()
def test_beam_search_finds_the_ids_of_hugging_face(model, beams, length_penalty, early_stopping):
    theirs = generate(model, 10, num_beams=beams, length_penalty=length_penalty, early_stopping=early_stopping)
    assert not torch.equal(theirs, generate(model, 10))
    ours = beam(
        reader(model), starts(), beams=beams, end=END, pad=PAD, max_length=10, length_penalty=length_penalty,
        early_stopping=early_stopping,
    )  # fmt: skip
    assert torch.equal(longest(ours.ids, 10), theirs)


@torch.no_grad()
def test_a_beam_of_one_that_stops_early_is_greedy_search(model):
    options = {"end": END, "pad": PAD, "max_length": 10}
    one = beam(reader(model), starts(), beams=1, early_stopping=True, **options)
    assert torch.equal(one.ids, greedy(reader(model), starts(), **options).ids)


@torch.no_grad()
def test_the_score_is_the_mean_log_probability_of_the_ids(model):
    for search in (
        lambda step: greedy(step, starts(), end=END, pad=PAD, max_length=10),
        lambda step: beam(step, starts(), beams=3, end=END, pad=PAD, max_length=10, length_penalty=0.7),
    ):
        found = search(reader(model))
        whole = torch.cat([starts()[:, None], found.ids], 1)
        log = model(whole[:, :-1]).logits.log_softmax(-1).gather(-1, whole[:, 1:, None])[..., 0]
        mask = found.ids != PAD
        torch.testing.assert_close(found.score, (log * mask).sum(1) / mask.sum(1))


@torch.no_grad()
def test_a_sample_is_decoded_alike_alone_and_in_a_batch(model):
    options = {"beams": 3, "end": END, "pad": PAD, "max_length": 10}
    together = beam(reader(model), starts(), **options)
    for row, start in enumerate(starts()):
        alone = beam(reader(model), start[None], **options)
        assert torch.equal(longest(alone.ids, 10)[0], longest(together.ids, 10)[row])


@torch.no_grad()
def test_the_first_step_reads_one_row_per_sample_and_later_ones_one_per_beam(model):
    rows: list[int] = []
    beam(reader(model, rows), starts(), beams=3, end=END, pad=PAD, max_length=3)
    assert rows == [12, 36, 36]


@torch.no_grad()
def test_decoding_stops_as_soon_as_every_row_has_ended(model):
    def always_end(ids: Tensor, state: Prefix | None) -> tuple[Tensor, Prefix]:
        reads.append(1)
        logits = torch.full((len(ids), 5), -20.0)
        logits[:, END] = 0
        return logits, state or Prefix(ids)

    for search in (greedy, lambda *a, **k: beam(*a, beams=2, **k)):
        reads: list[int] = []
        found = search(always_end, torch.ones(4, dtype=torch.long), end=END, pad=PAD, max_length=10)
        assert (found.ids[:, 0] == END).all() and (found.ids[:, 1:] == PAD).all() and len(reads) <= 2


def test_more_beams_than_words_are_no_obstacle():
    def flat(ids: Tensor, state: Prefix | None) -> tuple[Tensor, Prefix]:
        return torch.tensor([[1.0, -torch.inf, 0.0, -torch.inf]]).repeat(len(ids), 1), state or Prefix(ids)

    found = beam(flat, torch.ones(2, dtype=torch.long), beams=5, end=END, pad=PAD, max_length=4)
    assert found.ids.tolist() == [[0, 0, 0, 0]] * 2 and found.score.isfinite().all()
