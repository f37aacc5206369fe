from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, TemperatureLogitsWarper, TopPLogitsWarper

from mmexp.decoding.search import Nucleus, beam, greedy, sample

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
        lambda step: sample(step, starts(), torch.rand(12, 10), Nucleus(temperature=1.5), end=END, pad=PAD),
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


def warped(logits: Tensor, nucleus: Nucleus) -> Tensor:
    """Probabilities as Hugging Face draws from them. [R, V]"""
    cooler = TemperatureLogitsWarper(nucleus.temperature)(None, logits)
    return TopPLogitsWarper(nucleus.top_p)(None, cooler).softmax(-1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("top_p", [1e-6, 0.3, 0.8, 0.99])
def test_ids_are_drawn_as_often_as_by_hugging_face(top_p, temperature):
    nucleus, logits = Nucleus(top_p=top_p, temperature=temperature), torch.randn(5, 12)
    logits[:, 3] = -torch.inf
    number = 4000
    fractions = (torch.arange(number) + 0.5) / number
    for row, chances in zip(logits, warped(logits, nucleus), strict=True):
        drawn = nucleus.pick(row.expand(number, -1), fractions).bincount(minlength=12)
        torch.testing.assert_close(drawn / number, chances, atol=1.1 / number, rtol=0)


def test_all_ids_are_drawn_from_without_a_limit_and_the_likeliest_come_first():
    fractions = torch.tensor([0.0, 0.49, 0.51, 0.79, 0.81, 1 - 2**-24])
    logits = torch.tensor([0.2, 0.5, 0.0, 0.3]).log().expand(6, -1)
    assert Nucleus(top_p=1.0).pick(logits, fractions).tolist() == [1, 1, 3, 3, 0, 0]


@torch.no_grad()
def test_sampling_writes_what_a_plain_loop_over_hugging_faces_chances_draws(model):
    nucleus, fractions = Nucleus(top_p=0.8, temperature=1.3), torch.rand(12, 10)
    ours = longest(sample(reader(model), starts(), fractions, nucleus, end=END, pad=PAD).ids, 10)
    for row, start in enumerate(starts().tolist()):
        ids = [start]
        while len(ids) <= 10 and ids[-1] != END:
            chances = warped(model(torch.tensor([ids])).logits[:, -1], nucleus)[0].tolist()
            reached, fraction = 0.0, float(fractions[row, len(ids) - 1])
            for one in sorted(range(30), key=lambda i: -chances[i]):
                reached += chances[one]
                if reached > fraction:
                    break
            ids.append(one)
        assert ours[row, : len(ids) - 1].tolist() == ids[1:]
    assert (ours == END).any() and not torch.equal(ours, generate(model, 10))


@torch.no_grad()
def test_a_drawn_row_depends_on_its_own_fractions_alone(model):
    fractions = torch.rand(12, 10)
    together = sample(reader(model), starts(), fractions, Nucleus(), end=END, pad=PAD).ids
    for row, start in enumerate(starts()):
        alone = sample(reader(model), start[None], fractions[row, None], Nucleus(), end=END, pad=PAD).ids
        assert torch.equal(longest(alone, 10)[0], longest(together, 10)[row])


@torch.no_grad()
def test_the_smallest_nucleus_is_greedy_search(model):
    found = sample(reader(model), starts(), torch.rand(12, 10), Nucleus(top_p=1e-6), end=END, pad=PAD)
    assert torch.equal(found.ids, greedy(reader(model), starts(), end=END, pad=PAD, max_length=10).ids)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"top_p": 0.0}, r"top_p must be in \(0, 1\], got 0.0"),
        ({"top_p": 1.1}, r"top_p must be in \(0, 1\], got 1.1"),
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"temperature": float("inf")}, "temperature must be above 0, got inf"),
    ],
)
def test_a_nucleus_out_of_range_is_refused(fields, fault):
    with pytest.raises(ValueError, match=f"Nucleus: {fault}"):
        Nucleus(**fields)
