"""Entities of a knowledge graph among the context."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.error import ConfigError
from mmexp.fusion.attention import AttentionFusion

KEYS = ("head", "relation", "tail")


class KnowledgeFusion(AttentionFusion):
    """Fuse by cross-attention to the context and to linked entities, one entity token per token of the context.

    An entity token is ``sum_e a_e e`` with ``a = softmax(e . W norm(x))`` over the ``top_k`` entities that score best.
    The learned token ``nothing`` of ``AttentionFusion`` finds entities too, which are there whatever is missing.

    Source: Zhang et al. 2019, "ERNIE", https://arxiv.org/abs/1905.07129, and Peters et al. 2019, "KnowBert",
    https://arxiv.org/abs/1909.04164, sec. 3, entities as vectors next to the words; Fevry et al. 2020, "Entities as
    Experts", https://arxiv.org/abs/2004.07202, sec. 3, linked by retrieving the top k. The graph: Vashishth et al.
    2020, "CompGCN", https://arxiv.org/abs/1911.03082, sec. 4. Differs: tokens of any modality are linked, not spans of
    text, and nothing but the task teaches which entity is meant.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        entities: Size E of the learned table of entities; ``embeddings`` bring their own.
        embeddings: Path of a .npy file with a vector for each entity [E, d]; they stay as they are and are projected.
        triples: Path of a .jsonl file of the graph's edges, rows of ``head``, ``relation`` and ``tail``. A number is
            the place of an entity or relation, a string its place among all strings in sorted order.
        top_k: Entities K that a token links to.
        num_heads: Attention heads.
        depth: Layers, each over the same context.
        dropout: Probability of dropping a feature.

    Shape:
        joint {m: [B, N_m, D]} -> [B, sum of N_m, D]: every modality anchored on the others;
        anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].

    Raises:
        ConfigError: If a file cannot be read or does not hold what it should.
        ValueError: If there is no entity, or top_k is not among 1 to E.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        entities: int = 64,
        embeddings: str | None = None,
        triples: str | None = None,
        top_k: int = 4,
        num_heads: int = 4,
        depth: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, num_heads=num_heads, depth=depth, dropout=dropout)
        if entities < 1:
            raise ValueError(f"KnowledgeFusion: entities must be at least 1, got {entities}.")
        self.table = EntityTable(dim, entities, None if embeddings is None else read_embeddings(embeddings))
        count = len(self.table.vectors)
        if not 1 <= top_k <= count:
            raise ValueError(f"KnowledgeFusion: top_k must be at least 1 and at most {count} entities, got {top_k}.")
        self.top_k = top_k
        self.graph = nn.Identity() if triples is None else GraphEncoder(dim, count, read_triples(triples, count))
        self.norm, self.query = nn.LayerNorm(dim), nn.Linear(dim, dim)

    def gather(self, tokens: Mapping[str, Tokens]) -> Tokens:
        """Add the entity token of each token to all tokens."""
        marked = super().gather(tokens)
        return Tokens.cat([marked, self.link(marked)])

    def link(self, tokens: Tokens) -> Tokens:
        """Find each token's entities; their mean, weighed by score, is its entity token."""
        entities = self.graph(self.table())  # [E, D]
        scores = (self.query(self.norm(tokens.features)) @ entities.T * self.dim**-0.5).float()  # [B, S, E]
        least = scores.topk(self.top_k, -1).values[..., -1:]
        weights = scores.masked_fill(scores < least, -1e9).softmax(-1)
        return Tokens(weights.to(entities.dtype) @ entities, tokens.mask)


class EntityTable(nn.Module):
    """Return a vector for each entity [E, D]: learned, or given [E, d] and projected."""

    vectors: Tensor

    def __init__(self, dim: int, entities: int, given: Tensor | None) -> None:
        super().__init__()
        if given is None:
            self.vectors, self.project = nn.Parameter(torch.randn(entities, dim)), nn.Sequential()
        else:
            self.register_buffer("vectors", given)
            self.project = nn.Sequential(nn.LayerNorm(given.shape[1]), nn.Linear(given.shape[1], dim))

    def forward(self) -> Tensor:
        return self.project(self.vectors)  # type: ignore[no-any-return]


class GraphEncoder(nn.Module):
    """Convolve entities over the graph once: ``e + tanh(mean of W (u * r))`` over the edges of each. [E, D] -> [E, D]

    ``u`` is the entity at the other end, ``r`` the relation's vector, ``W`` one matrix for each direction.

    Source: Vashishth et al. 2020, "CompGCN", https://arxiv.org/abs/1911.03082, sec. 4, composed by product. Differs:
    a relation has one vector for both directions, and an entity's own message is itself.

    Args:
        dim: Width D.
        entities: Their number E.
        triples: Head, relation and tail of each edge, as places. [3, T]
    """

    triples: Tensor
    share: Tensor

    def __init__(self, dim: int, entities: int, triples: Tensor) -> None:
        super().__init__()
        self.register_buffer("triples", triples)
        degree = torch.bincount(triples[[0, 2]].flatten(), minlength=entities)
        self.register_buffer("share", 1 / degree.clamp(min=1).unsqueeze(1))  # [E, 1]
        self.relations = nn.Parameter(torch.randn(int(triples[1].max()) + 1, dim))
        self.forth, self.back = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)

    def forward(self, entities: Tensor) -> Tensor:
        head, relation, tail = self.triples
        kinds = self.relations[relation]  # [T, D]
        silence = torch.zeros_like(entities, dtype=kinds.dtype)
        messages = self.forth(silence.index_add(0, tail, entities[head] * kinds))
        messages = messages + self.back(silence.index_add(0, head, entities[tail] * kinds))
        return entities + torch.tanh(messages * self.share)


def read_embeddings(path: str) -> Tensor:
    """Read a vector for each entity. -> [E, d]

    Raises:
        ConfigError: If the file cannot be read or does not hold finite numbers [E, d].
    """
    hint = "Set fusion.embeddings to a .npy file with one row for each entity."
    rule = "KnowledgeFusion: embeddings must be"
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as fault:
        raise ConfigError(f"{rule} a .npy file that can be read, got {path} ({_reason(fault)}).", hint) from fault
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu" or values.ndim != 2 or not values.size:
        got = f"{values.dtype} {list(values.shape)}" if isinstance(values, np.ndarray) else "several arrays"
        raise ConfigError(f"{rule} numbers [entities, width], got {got} in {path}.", hint)
    if not np.isfinite(values).all():
        raise ConfigError(
            f"{rule} finite, got {int((~np.isfinite(values)).sum())} values that are not in {path}.", hint
        )
    return torch.from_numpy(values.astype(np.float32))


def read_triples(path: str, entities: int) -> Tensor:
    """Read the edges of a graph over so many entities. -> [3, T]

    Raises:
        ConfigError: If the file cannot be read, a row is no triple, or an entity has no place among them.
    """
    hint = 'Set fusion.triples to a .jsonl file with rows such as {"head": 0, "relation": 0, "tail": 1}.'
    rule = "KnowledgeFusion: triples must be"
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{rule} a .jsonl file that can be read, got {path} ({_reason(fault)}).", hint) from fault
    rows = [_triple(line, f"{path}:{number}", hint) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise ConfigError(f"{rule} at least one, got none in {path}.", hint)
    heads, relations, tails = zip(*rows, strict=True)
    ends, kinds = _places([*heads, *tails], path, hint), _places(relations, path, hint)
    if max(ends) >= entities:
        more = f"Set fusion.entities={max(ends) + 1}, or give as many embeddings."
        raise ConfigError(f"{rule} over {entities} entities, got {max(ends) + 1} in {path}.", more)
    return torch.tensor([ends[: len(rows)], kinds, ends[len(rows) :]])


def _triple(line: str, where: str, hint: str) -> list[int | str]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise ConfigError(f"KnowledgeFusion: {where} must be JSON, got {line.strip()[:80]!r}.", hint) from fault
    named = [row[key] for key in KEYS if key in row] if isinstance(row, dict) else []
    values = [value for value in named if isinstance(value, str) or (type(value) is int and value >= 0)]
    if len(values) < len(KEYS):
        rule = "must have head, relation and tail, each a string or a number from 0"
        raise ConfigError(f"KnowledgeFusion: {where} {rule}, got {line.strip()[:80]}.", hint)
    return values


def _places(names: Sequence[int | str], path: str, hint: str) -> list[int]:
    """Numbers as they are, strings as their places in sorted order."""
    strings = sorted({name for name in names if isinstance(name, str)})
    if not strings:
        return [int(name) for name in names]
    if any(isinstance(name, int) for name in names):
        rule = "KnowledgeFusion: triples must name entities, and relations, all by strings or all by numbers"
        raise ConfigError(f"{rule}, got both in {path}.", hint)
    place = {name: i for i, name in enumerate(strings)}
    return [place[str(name)] for name in names]


def _reason(fault: Exception) -> str:
    return str(getattr(fault, "strerror", None) or fault).partition("\n")[0]
