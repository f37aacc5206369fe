"""Text to the ids of a pretrained model, by the tokenizer that came with it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.weights.locate import settings_of


class HfTextTransform(Transform):
    """Turn text into the ids of a pretrained tokenizer, with its special ones around them.

    A list holds several texts of which one is read. A tuple is a dialogue, oldest turn first: its turns follow one
    another, each with the separator of the tokenizer after it, and of a long one the oldest pieces are cut.

    Args:
        folder: Of the tokenizer's files.
        max_length: Ids at most, special ones included; longer text is cut.

    Shape:
        text -> ids [L].
    """

    limit = "max_length"
    packages = ("transformers", "tokenizers")

    def __init__(self, *, folder: str, max_length: int) -> None:
        self.folder, self.max_length = folder, max_length

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer, read once per process."""
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder, local_files_only=True, trust_remote_code=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "max_length": self.max_length}

    def prepare(self, raw: str | list[str] | tuple[str, ...]) -> list[Tensor]:
        if isinstance(raw, tuple):
            return [torch.tensor(self._dialogue(raw))]
        return [torch.tensor(ids) for ids in self._ids([raw] if isinstance(raw, str) else raw, self.max_length)]

    def length(self, raw: str | list[str] | tuple[str, ...]) -> int:
        if isinstance(raw, tuple):
            return sum(len(turn) + 1 for turn in self._ids(raw, None, special=False)) + 1
        return max(map(len, self._ids([raw] if isinstance(raw, str) else raw, None)), default=0)

    def inner(self, text: str) -> Tensor:
        """Return which ids of a text are its own, and not special ones around it. -> bool [L]"""
        limits = {"truncation": True, "max_length": self.max_length, "verbose": False}
        found = self.tokenizer(_readable(text), return_special_tokens_mask=True, **limits)
        return torch.tensor(found["special_tokens_mask"]) == 0

    is_random = False

    def variants(self, raw: str | list[str] | tuple[str, ...]) -> Sequence[str | tuple[str, ...]]:
        return raw if isinstance(raw, list) else [raw]

    def describe(self) -> dict[str, Any]:
        """Return the limit, and a hash of the files of the tokenizer."""
        found = hashlib.sha256()
        for path in settings_of(Path(self.folder)):
            found.update(path.name.encode() + path.read_bytes())
        return {"class": type(self).__qualname__, "max_length": self.max_length, "tokenizer": found.hexdigest()}

    def augment(self, prepared: list[Tensor], generator: np.random.Generator) -> list[Tensor]:
        """Pick one of several texts at random."""
        return [prepared[int(generator.integers(len(prepared)))]]

    def collate(self, items: Sequence[list[Tensor] | None]) -> Padded:
        return pad([item[0] if item else None for item in items])

    def _dialogue(self, turns: Sequence[str]) -> list[int]:
        own = self.tokenizer
        end = next((one for one in (own.sep_token_id, own.eos_token_id) if one is not None), None)
        start = next((one for one in (own.cls_token_id, own.bos_token_id) if one is not None), None)
        ids = [i for turn in self._ids(turns, None, special=False) for i in (*turn, *([] if end is None else [end]))]
        first = [] if start is None else [start]
        return [*first, *ids[len(first) - self.max_length :]]

    def _ids(self, texts: Sequence[str], limit: int | None, special: bool = True) -> list[list[int]]:
        texts = list(map(_readable, texts))
        if not texts:
            return []
        found = self.tokenizer(
            texts, add_special_tokens=special, truncation=limit is not None, max_length=limit, verbose=False
        )
        return found["input_ids"]  # type: ignore[no-any-return]


def _readable(text: str) -> str:
    """Return the text without lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")
