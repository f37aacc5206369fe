from __future__ import annotations

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.decoder.base import Fuse, TextDecoder
from mmexp.decoding.search import Step, greedy
from mmexp.transform.text import TextTransform, Tokenizer


class Count:
    """How many ids were read."""

    def __init__(self, read: int) -> None:
        self.read = read

    def select(self, rows: Tensor) -> Count:
        return self


class Alphabet(TextDecoder):
    """Writes the words of the vocabulary in order, special ones first."""

    def forward(self, ids: Padded, fuse: Fuse) -> Tensor:
        return torch.zeros(int(ids.mask.sum()), self.vocab_size)

    def step(self, fuse: Fuse, size: int) -> Step[Count]:
        def step(ids: Tensor, state: Count | None) -> tuple[Tensor, Count]:
            read = 0 if state is None else state.read
            logits = -(torch.arange(self.vocab_size) - read - 4).abs().float().expand(len(ids), -1)
            return logits + self.never, Count(read + 1)

        return step


def test_a_decoder_of_ones_own_needs_two_methods(tokenizer: str):
    transform = TextTransform(tokenizer=tokenizer, max_length=6)
    decoder = Alphabet(transform=transform, dim=2, vocab_size=Tokenizer(tokenizer).vocab_size, dropout=0.0)
    start = torch.full((2,), decoder.tokenizer.bos)
    found = greedy(decoder.step(lambda anchor: anchor, 2), start, end=2, pad=0, max_length=decoder.max_length - 1)
    assert found.ids.tolist() == [[4, 5, 6, 7, 8]] * 2
    assert torch.equal(decoder.follow(torch.tensor([[1, 4]] * 2), lambda anchor: anchor), decoder.never.expand(2, -1))
    assert decoder.never.isfinite().nonzero().flatten()[0] == Tokenizer.eos
