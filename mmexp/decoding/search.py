"""Text from a model that reads one id at a time: greedy search, beam search and sampling."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F


class State(Protocol):
    """What a model keeps of the ids it has read."""

    def select(self, rows: Tensor) -> Self:
        """Reorder or repeat rows. indices [R2]"""
        ...


S = TypeVar("S", bound=State)
Step = Callable[[Tensor, S | None], tuple[Tensor, S]]
"""Read one more id per row: ids [R], the state so far (None at first) -> logits [R, V], the state with them."""
Choose = Callable[[Tensor, int], Tensor]
"""Take one id per row: logits [R, V], its position in the row -> ids [R]."""


@dataclass(frozen=True)
class Decoded:
    """What a search found.

    Args:
        ids: Without the begin id, with the end id where there was room for it, then padding. [B, T]
        score: Mean log-probability of the ids, in nats. [B]
    """

    ids: Tensor
    score: Tensor


def greedy(step: Step[S], start: Tensor, *, end: int, pad: int, max_length: int) -> Decoded:
    """Take the likeliest id, again and again.

    Args:
        step: The model.
        start: Begin ids. [B]
        end: Id that finishes a row.
        pad: Id after the end; never generated.
        max_length: Ids at most, the end included.
    """
    return _write(step, start, lambda logits, position: logits.argmax(-1), end=end, pad=pad, max_length=max_length)


@dataclass(frozen=True)
class Nucleus:
    """The likeliest ids that together reach ``top_p``: what is drawn from them is varied, but never far-fetched.

    Source: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", https://arxiv.org/abs/1904.09751,
    sections 3.1 and 3.3 (temperature).

    Args:
        top_p: Probability that they reach; 1 draws from all ids.
        temperature: Divides the logits; below 1 likely ids are likelier still.

    Raises:
        ValueError: If top_p is not in (0, 1], or temperature not above 0.
    """

    top_p: float = 0.9
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.top_p <= 1:
            raise ValueError(f"Nucleus: top_p must be in (0, 1], got {self.top_p}.")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"Nucleus: temperature must be above 0, got {self.temperature}.")

    def pick(self, logits: Tensor, fractions: Tensor) -> Tensor:
        """Take the id at a fraction of the nucleus, the likeliest first. [R, V], [R] in [0, 1) -> [R]"""
        chances, ids = (logits.float() / self.temperature).softmax(-1).sort(stable=True, dim=-1, descending=True)
        reached = chances.cumsum(-1)
        nucleus = chances.masked_fill(reached - chances >= self.top_p, 0)  # [R, V]
        edges = nucleus.cumsum(-1)
        positions = (edges <= fractions.unsqueeze(1) * edges[:, -1:]).sum(-1)
        last = (nucleus > 0).sum(-1) - 1
        return ids.gather(1, positions.minimum(last).unsqueeze(1))[:, 0]


def sample(step: Step[S], start: Tensor, fractions: Tensor, nucleus: Nucleus, *, end: int, pad: int) -> Decoded:
    """Draw each id from the nucleus of what the model expects.

    All chance is in the fractions, so that a row depends on no other.

    Args:
        step: The model.
        start: Begin ids. [B]
        fractions: Uniform in [0, 1), one for each id; T are the ids at most, the end included. [B, T]
        nucleus: What is drawn from.
        end: Id that finishes a row.
        pad: Id after the end; never generated.
    """

    def choose(logits: Tensor, position: int) -> Tensor:
        return nucleus.pick(logits, fractions[:, position])

    return _write(step, start, choose, end=end, pad=pad, max_length=fractions.shape[1])


def beam(
    step: Step[S],
    start: Tensor,
    *,
    beams: int,
    end: int,
    pad: int,
    max_length: int,
    length_penalty: float = 1.0,
    early_stopping: bool = False,
) -> Decoded:
    """Keep the likeliest beginnings, and return the best of those that were finished.

    A finished row scores log-probability / length ** length_penalty (end included), as in Hugging Face's ``generate``,
    and the search ends as theirs does. Rows lie side by side: row b * beams + k is beam k of sample b; the first step
    has one row per sample.

    Source: Wu et al. 2016, "Google's Neural Machine Translation System", section 7. Differs: the penalty's form.

    Args:
        step: The model.
        start: Begin ids. [B]
        beams: Beginnings kept per sample, K.
        end: Id that finishes a row.
        pad: Id after the end; never generated.
        max_length: Ids at most, the end included.
        length_penalty: Above 0 favours long rows, 0 leaves the plain sum, which favours short ones.
        early_stopping: Stop a sample at K finished rows, even if a running one could still be better.
    """
    sample = torch.arange(len(start), device=start.device).unsqueeze(1)
    running, scores = start.new_empty(len(start), 1, 0), torch.zeros(len(start), 1, device=start.device)
    finished = start.new_full((len(start), beams, max_length), pad)
    best = scores.new_full((len(start), beams), -torch.inf)
    improvable = torch.ones_like(scores, dtype=torch.bool)
    ids, state = start, None
    for length in range(1, max_length + 1):
        logits, state = step(ids, state)
        grown, totals, parents = _extend(running, scores, logits, 2 * beams)  # [B, C, length], [B, C], [B, C]
        ends = (grown[..., -1] == end) | (length == max_length)

        final = (totals / length**length_penalty).masked_fill(~(ends & improvable), -torch.inf)[:, :beams]
        best, kept = torch.cat([best, final], 1).topk(beams)
        padded = F.pad(grown[:, :beams], (0, max_length - length), value=pad)
        finished = _take(torch.cat([finished, padded], 1), kept)

        scores, kept = totals.masked_fill(ends, -torch.inf).topk(min(beams, totals.shape[1]))
        improvable &= scores[:, :1] / length**length_penalty > best[:, -1:]
        if early_stopping:
            improvable &= best[:, -1:] == -torch.inf
        if not improvable.any():
            break
        rows = sample * running.shape[1] + parents.gather(1, kept)  # [B, K]
        running = _take(grown, kept)
        ids, state = running[..., -1].flatten(), state.select(rows.flatten())
    answer = finished[:, 0, :length]
    lengths = (answer != pad).sum(1).clamp(min=1)
    return Decoded(answer, best[:, 0] * lengths ** (length_penalty - 1))


def _write(step: Step[S], start: Tensor, choose: Choose, *, end: int, pad: int, max_length: int) -> Decoded:
    """Append one chosen id after the other until every row has ended."""
    total, ended = torch.zeros(len(start), device=start.device), torch.zeros_like(start, dtype=torch.bool)
    ids, state, columns = start, None, []
    for position in range(max_length):
        logits, state = step(ids, state)
        ids = choose(logits, position)
        total -= F.cross_entropy(logits.float(), ids, reduction="none").masked_fill(ended, 0)
        ids = ids.masked_fill(ended, pad)
        columns.append(ids)
        ended = ended | (ids == end)
        if ended.all():
            break
    found = torch.stack(columns, 1)
    return Decoded(found, total / (found != pad).sum(1))


def _extend(running: Tensor, scores: Tensor, logits: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Best continuations of K beams by one id, in order of their log-probability.

    [B, K, T], [B, K], [B * K, V] -> rows [B, C, T + 1], their scores [B, C], the beam each continues [B, C]
    """
    likely = logits.float().log_softmax(-1)
    likely, ids = likely.topk(min(count, logits.shape[-1]))  # no more than C of one beam can be among the best C
    totals = likely + scores.view(-1, 1)  # [B * K, C]
    totals, positions = totals.view(len(scores), -1).topk(min(count, totals.numel() // len(scores)))  # [B, C]
    parents = positions // likely.shape[-1]
    ids = ids.view(len(scores), -1).gather(1, positions)
    return torch.cat([_take(running, parents), ids.unsqueeze(-1)], -1), totals, parents


def _take(rows: Tensor, positions: Tensor) -> Tensor:
    """Pick rows per sample. [B, C, T], [B, K] -> [B, K, T]"""
    return rows.gather(1, positions.unsqueeze(-1).expand(-1, -1, rows.shape[-1]))
