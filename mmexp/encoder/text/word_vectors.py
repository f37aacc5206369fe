"""Word vectors that were trained elsewhere, from a text file."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import torch
from torch import Tensor, nn

from mmexp.error import ConfigError
from mmexp.transform.text import Tokenizer

HINT = "Set encoder.text.vectors to a text file in which each line is a word and its numbers, with blanks between."


def start_from(path: str, embedding: nn.Embedding, tokenizer: Tokenizer) -> str:
    """Let an embedding start from the vectors of a file, and say how many of its words have one.

    A word is looked up as the tokenizer spells it; one that the file lacks keeps its random start. See ``fitted`` for
    vectors of another width.

    Source: Mikolov et al. 2013, "word2vec", https://arxiv.org/abs/1301.3781; Pennington et al. 2014, "GloVe".

    Raises:
        ConfigError: If the file cannot be read, a line is not like the others, or no word is found.
    """
    spelt = [tokenizer.decode([number]) for number in range(tokenizer.vocab_size)]  # special ones are empty
    found = read_vectors(path, {word for word in spelt if word})
    places = [place for place, word in enumerate(spelt) if word in found]
    count, total = len(places), sum(map(bool, spelt))
    if not places:
        raise ConfigError(f"TextEncoder: vectors must have some of the {total} words, got none in {path}.", HINT)
    table = torch.stack([found[spelt[place]] for place in places])  # [count, width]
    with torch.no_grad():
        embedding.weight[places] = fitted(table, embedding.embedding_dim)
    return f"{count} of {total} words start from the vectors of {path}, the others at random."


def fitted(vectors: Tensor, dim: int) -> Tensor:
    """Bring vectors to a width, wider ones along their leading principal axes, narrower ones without loss.

    The axes are those of the largest singular values, so that no linear map keeps more of the inner products.

    [N, width] -> [N, dim]
    """
    if vectors.shape[1] == dim:
        return vectors
    axes = torch.linalg.svd(vectors, full_matrices=False).Vh[:dim]  # [k, width]
    kept: Tensor = vectors @ axes.T
    if len(axes) < dim:
        kept = kept @ nn.init.orthogonal_(torch.empty(len(axes), dim))
    return kept


def read_vectors(path: str, words: Collection[str]) -> dict[str, Tensor]:
    """Read the vectors of some words from a file in the format of GloVe or, with a first line of sizes, of word2vec.

    Raises:
        ConfigError: If the file cannot be read, or a line is not like the others.
    """
    found: dict[str, Tensor] = {}
    width = 0
    for where, cells in _lines(path):
        width = width or len(cells) - 1
        word = " ".join(cells[:-width]) if width else ""
        if not word or (len(cells) > width + 1 and _is_number(cells[-width - 1])):
            raise ConfigError(
                f"TextEncoder: vectors must have a word and {width or 'some'} numbers in each line, "
                f"got {len(cells) - 1} at {where}.",
                HINT,
            )
        if word in words and word not in found:
            found[word] = _numbers(cells[-width:], where)
    return found


def _lines(path: str) -> Iterator[tuple[str, list[str]]]:
    """Place and cells of each line, but for a first one that only says how many words and numbers there are."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                cells = line.decode("utf-8").rstrip("\r\n ").split(" ")
                sizes = number == 1 and len(cells) == 2 and all(cell.isdecimal() for cell in cells)
                if cells != [""] and not sizes:
                    yield f"{path}:{number}", cells
    except (OSError, UnicodeDecodeError) as fault:
        where = f"{path}:{number}" if isinstance(fault, UnicodeDecodeError) else path
        raise ConfigError(
            f"TextEncoder: vectors must be text that can be read, got {where} ({fault}).", HINT
        ) from fault


def _numbers(cells: list[str], where: str) -> Tensor:
    try:
        numbers = torch.tensor([float(cell) for cell in cells])
    except ValueError as fault:
        raise ConfigError(f"TextEncoder: vectors must be numbers, got {fault} at {where}.", HINT) from None
    if not numbers.isfinite().all():
        raise ConfigError(f"TextEncoder: vectors must be finite, got {cells} at {where}.", HINT)
    return numbers


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
