"""Text to token ids, by a tokenizer trained on the training split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

from mmexp.config.tokenizer import Model
from mmexp.contract import Padded
from mmexp.error import DataError
from mmexp.run.atomic import write_atomic
from mmexp.transform.base import Transform, pad
from mmexp.transform.tokenization import JOINED, pieces

_PUT_BACK = "Put the file back from a copy, or train a new run."
SPECIALS = ("<pad>", "<bos>", "<eos>", "<unk>")


class Tokenizer:
    """Map words or sub-words to ids and back; ids 0 to 3 are padding, begin, end and unknown.

    Args:
        path: A file written by ``Tokenizer.train`` (the ``tokenizers`` library's JSON).

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from mmexp import Tokenizer
        >>> with TemporaryDirectory() as folder:
        ...     tokenizer = Tokenizer.train(["A red cube.", "two red balls"], f"{folder}/tokenizer.json")
        ...     tokenizer.decode(tokenizer.encode("two red cubes")), tokenizer.vocab_size
        ('two red', 9)
    """

    pad, bos, eos, unk = range(len(SPECIALS))
    special: tuple[int, ...] = (bos, eos, unk, pad)

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)

    @cached_property
    def _engine(self) -> Engine:
        try:
            engine = Engine.from_file(self.path)
        except Exception as error:  # the library raises no other
            rule = "tokenizer must be JSON that the tokenizers library reads"
            raise DataError(f"{rule}, got: {error}", path=self.path, hint=_PUT_BACK) from error
        engine.encode_special_tokens = True  # a text that says <eos> does not end there
        return engine

    @cached_property
    def _of_words(self) -> bool:
        return isinstance(self._engine.decoder, decoders.WordPiece)

    def __getstate__(self) -> dict[str, str]:
        return {"path": self.path}

    @property
    def vocab_size(self) -> int:
        return int(self._engine.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Ids without begin and end."""
        return list(self._engine.encode(_prepare(text, self._of_words), add_special_tokens=False).ids)

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts at once, in parallel outside Python."""
        prepared = [_prepare(text, self._of_words) for text in texts]
        return [list(row.ids) for row in self._engine.encode_batch(prepared, add_special_tokens=False)]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids; special ones are left out."""
        return str(self._engine.decode(list(ids), skip_special_tokens=True)).strip().removeprefix(JOINED)

    def words(self) -> list[str]:
        """Vocabulary by id."""
        vocabulary: dict[str, int] = self._engine.get_vocab()
        return sorted(vocabulary, key=lambda word: vocabulary[word])

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        path: str | Path,
        *,
        model: Model = "word",
        vocab_size: int = 4096,
        min_frequency: int = 1,
    ) -> Tokenizer:
        """Train on texts, write to path, and return the tokenizer.

        Args:
            texts: The training split's texts.
            path: File to write.
            model: ``word`` keeps lower-case words whole, symbols, emoji, and characters of scripts without blanks, but
                no punctuation, see ``tokenization``; ``bpe`` splits rare words into pieces and knows every byte.
            vocab_size: Entries at most, special ones included.
            min_frequency: Words or pieces seen less often are left out.
        """
        trainer: trainers.Trainer
        if model == "word":
            engine = Engine(models.WordLevel(unk_token="<unk>"))
            engine.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
            engine.decoder = decoders.WordPiece(prefix=JOINED, cleanup=False)
            trainer = trainers.WordLevelTrainer(
                vocab_size=vocab_size,
                min_frequency=min_frequency,
                special_tokens=list(SPECIALS),
                show_progress=False,
            )
        elif model == "bpe":
            engine = Engine(models.BPE(unk_token="<unk>"))
            engine.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
            engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
            engine.decoder = decoders.ByteLevel()
            trainer = trainers.BpeTrainer(
                vocab_size=vocab_size,
                min_frequency=min_frequency,
                special_tokens=list(SPECIALS),
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                show_progress=False,
            )
        else:
            raise ValueError(f"Tokenizer: model must be word or bpe, got {model!r}.")
        engine.train_from_iterator((_prepare(text, model == "word") for text in texts), trainer)
        write_atomic(Path(path), engine.to_str(pretty=True))
        return cls(path)


class TextTransform(Transform):
    """Turn text into ids between begin and end.

    A tuple of texts is a dialogue, oldest turn first: its turns follow one another, each with an end after it, and of a
    long one the oldest words are cut. A list holds several texts of which one is read.

    Source: Zhang et al. 2020, "DialoGPT", https://arxiv.org/abs/1911.00536, section 3.1 (the turns in a row).

    Args:
        tokenizer: It, or the path of its file.
        max_length: Ids at most, begin and ends included; longer text is cut.

    Raises:
        ValueError: If max_length < 3.
    """

    limit = "max_length"

    def __init__(self, *, tokenizer: str | Tokenizer, max_length: int = 64) -> None:
        if max_length < 3:
            raise ValueError(f"TextTransform: max_length must be at least 3, got {max_length}.")
        self.tokenizer = tokenizer if isinstance(tokenizer, Tokenizer) else Tokenizer(tokenizer)
        self.max_length = max_length

    def prepare(self, raw: str | list[str] | tuple[str, ...]) -> list[Tensor]:
        if isinstance(raw, tuple):
            ids = [i for turn in self.tokenizer.encode_batch(raw) for i in (*turn, self.tokenizer.eos)]
            return [torch.tensor([self.tokenizer.bos, *ids[1 - self.max_length :]])]
        return [self.frame(ids) for ids in self.tokenizer.encode_batch([raw] if isinstance(raw, str) else raw)]

    def length(self, raw: str | list[str] | tuple[str, ...]) -> int:
        ids = self.tokenizer.encode_batch([raw] if isinstance(raw, str) else raw)
        if isinstance(raw, tuple):
            return 1 + sum(len(turn) + 1 for turn in ids)
        return max((len(row) + 2 for row in ids), default=0)

    def frame(self, ids: Sequence[int]) -> Tensor:
        """Cut ids and put begin and end around them. -> [L]"""
        return torch.tensor([self.tokenizer.bos, *ids[: self.max_length - 2], self.tokenizer.eos])

    def augment(self, prepared: list[Tensor], generator: np.random.Generator) -> list[Tensor]:
        """Pick one of several texts at random."""
        return [prepared[int(generator.integers(len(prepared)))]]

    def collate(self, items: Sequence[list[Tensor] | None]) -> Padded:
        return pad([item[0] if item else None for item in items], Tokenizer.pad)


def _prepare(text: str, of_words: bool) -> str:
    """Replace what UTF-8 cannot carry (lone surrogates); for a model of words, set them apart."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(pieces(text)) if of_words else text
