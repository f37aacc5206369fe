"""Text from two graphs: one encodes the inputs once, one predicts the next word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmexp.contract import Batch, Tokens
from mmexp.decoding.search import Step
from mmexp.deploy.agreement import largest_error
from mmexp.deploy.format import Run
from mmexp.deploy.graph import TOKENS, StepGraph, TokensGraph
from mmexp.deploy.part import Part
from mmexp.task.base_generation import TextGeneration
from mmexp.training.model import Model


@dataclass(frozen=True)
class Texts:
    """What was written so far.

    Args:
        ids: With the begin id. [R, T]
    """

    ids: Tensor

    def select(self, rows: Tensor) -> Texts:
        """Reorder or repeat rows. indices [R2]"""
        return Texts(self.ids.index_select(0, rows))


@dataclass(frozen=True)
class Writer:
    """Generate text with two graphs, whatever runs them.

    Args:
        task: Knows begin, end and length of its texts.
        encode: Values and masks of the inputs -> the tokens that words are fused with.
        follow: Ids so far and these tokens -> logits of the next word.
    """

    task: TextGeneration
    encode: Run
    follow: Run

    def step(self, tensors: Sequence[Tensor]) -> Step[Texts]:
        """Return what reads one more word per sample, for ``decoding.search``."""
        tokens = tuple(self.encode(*tensors).values())

        def step(ids: Tensor, texts: Texts | None) -> tuple[Tensor, Texts]:
            whole = ids.unsqueeze(1) if texts is None else torch.cat([texts.ids, ids.unsqueeze(1)], 1)
            return self.follow(whole, *tokens)["logits"], Texts(whole)

        return step

    def greedy(self, tensors: Sequence[Tensor]) -> list[str]:
        """Write a text per sample, always the likeliest next word."""
        found = self.task.search(self.step(tensors), len(tensors[0]), 1)  # type: ignore[arg-type]
        return self.task.read(found.ids)


@torch.inference_mode()
def error_of_texts(
    model: Model, graphs: tuple[TokensGraph, StepGraph], parts: tuple[Part, Part], batch: Batch
) -> float:
    """Return the largest error of tokens and of all logits on the way to the run's own texts.

    Infinite where a greedy text is not, word for word, what the run generates with its cache.
    """
    encode, follow = graphs
    task, tensors = encode.task, encode.tensors(batch)
    if not isinstance(task, TextGeneration):
        raise TypeError(f"error_of_texts: task must generate text, got {type(task).__name__}.")
    tokens = encode(*tensors)
    errors = [largest_error(tokens, parts[0](*tensors))]
    found = task.search(task.decoder.step(model.fusion.bind(_placed(encode, tokens)), len(batch)), len(batch), 1)
    read = torch.cat([torch.full_like(found.ids[:, :1], task.decoder.tokenizer.bos), found.ids], 1)
    for length in range(1, read.shape[1]):
        given = (read[:, :length], *tokens.values())
        errors.append(largest_error(follow(*given), parts[1](*given)))
    same = Writer(task, *parts).greedy(tensors) == task.read(found.ids)
    return max(errors) if same else float("inf")


def _placed(graph: TokensGraph, tokens: Mapping[str, Tensor]) -> dict[str, Tokens]:
    return {name: Tokens(*(tokens[f"{name}.{part}"] for part in TOKENS)) for name in graph.inputs}
