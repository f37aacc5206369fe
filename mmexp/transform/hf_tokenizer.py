"""The tokenizer of a pretrained language model, for texts that it generates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from tokenizers import Tokenizer as Engine

from mmexp.error import ConfigError
from mmexp.transform.text import Tokenizer


class HfTokenizer(Tokenizer):
    """Map text to the ids of a pretrained tokenizer and back, with its special ids as begin, end and unknown.

    A tokenizer without a begin begins with its end, as that of GPT-2 does; one without an unknown takes the end for it,
    too. Padding is none of its ids, as many have none: what is padded is masked.

    Args:
        path: Folder of its files.

    Raises:
        ConfigError: If it is not there, has no end, or is none of the tokenizers library.
    """

    pad = -1

    def __init__(self, path: str) -> None:
        super().__init__(path)
        own = self._own
        if own.eos_token_id is None:
            raise ConfigError(f"decoder: tokenizer in {path} must have an id that ends a text (eos_token), got none.")
        self.eos: int = own.eos_token_id
        self.bos: int = self.eos if own.bos_token_id is None else own.bos_token_id
        self.unk: int = self.eos if own.unk_token_id is None else own.unk_token_id
        marked = (one for one, token in self._engine.get_added_tokens_decoder().items() if token.special)
        self.special = tuple(sorted({self.bos, self.eos, self.unk, *own.all_special_ids, *marked}))

    @cached_property
    def _own(self) -> Any:
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(self.path, local_files_only=True, trust_remote_code=False)
        except Exception as fault:  # the tokenizers library raises no other
            reason = " ".join(str(fault).split())[:200]
            rule = f"decoder: tokenizer in {self.path} must be one that transformers loads"
            raise ConfigError(f"{rule}, got: {reason}") from fault

    @cached_property
    def _engine(self) -> Engine:
        engine = getattr(self._own, "backend_tokenizer", None)
        if not isinstance(engine, Engine):
            rule = f"decoder: tokenizer in {self.path} must be one of the tokenizers library"
            raise ConfigError(f"{rule}, got {type(self._own).__name__}.")
        engine.no_padding()
        engine.no_truncation()
        engine.encode_special_tokens = True  # a text that says <|endoftext|> does not end there
        return engine

    @cached_property
    def _of_words(self) -> bool:
        return False

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("path", "bos", "eos", "unk", "special")}

    def unnamed(self, size: int) -> list[int]:
        """Return the ids below the number that a model has which stand for nothing; many have more than they need.

        Raises:
            ConfigError: If the model has too few.
        """
        named = {number: word for word, number in self._engine.get_vocab().items()}
        needed = {*named} - {*self.special} | {self.bos, self.eos, self.unk}
        if (most := max(needed)) >= size:
            rule = f"decoder: model must have a vector for each id of the tokenizer in {self.path}, got {size}"
            raise ConfigError(f"{rule} and the id {most} of {named.get(most)!r}.")
        return [number for number in range(size) if number not in named]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids; special ones and padding are left out."""
        return str(self._engine.decode([one for one in ids if one >= 0], skip_special_tokens=True)).strip()
