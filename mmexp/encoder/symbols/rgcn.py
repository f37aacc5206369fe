"""Entities of a knowledge graph in the light of their neighbours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.error import ConfigError
from mmexp.transform.symbols import SymbolsTransform


class RGCNEncoder(Encoder):
    """Encode entities by relational graph convolutions over the facts of the training split.

    ``x_i' = W_0 x_i + sum_r 1/c_(i,r) sum_j W_r x_j`` over the neighbours j by each relation r, c of them, with
    ``W_r = sum_b a_(r,b) V_b`` (basis decomposition), and a ReLU between layers. A row is an entity, and the relation
    that is asked of it, such as of the input ``asked``. What is no entity of the graph has no token.

    While training, no fact that a row of the batch asks for is an edge, in neither direction: neither the answer nor
    other answers to the same question. Otherwise the answer could be read off the graph.

    Source: Schlichtkrull et al. 2018, "Modeling Relational Data with Graph Convolutional Networks",
    https://arxiv.org/abs/1703.06103, eq. 2 and 3. Differs: no dropout of edges; LayerNorm after it. Written in plain
    torch: one ``index_add`` per basis sums the messages, for which torch-geometric would be one more dependency.

    Args:
        dim: Width D of the tokens.
        symbols: Those of the training split, entities and relations, V of them.
        edges: JSON-lines file of ``[head, relation, tail]``, each fact followed by the same read backwards.
        depth: Layers.
        bases: Matrices V_b that those of the relations are made of.
        dropout: Probability of dropping a feature of an entity between layers.

    Shape:
        ids [B, L] -> Tokens [B, L, D].

    Raises:
        ConfigError: If a symbol of the edges is not among those that are given, or there is no edge.
    """

    transform: SymbolsTransform
    ends: Tensor
    relation: Tensor
    group: Tensor
    question: Tensor
    is_entity: Tensor

    def __init__(
        self, *, dim: int, symbols: Sequence[str], edges: str, depth: int = 2, bases: int = 4, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.transform = SymbolsTransform(symbols=symbols)
        self.size = len(symbols) + 1
        head, kind, tail = read_edges(edges, self.transform.numbers)  # each [E]
        names, relation = torch.unique(kind, return_inverse=True)
        question = head * self.size + kind
        buffers = {"ends": torch.stack([head, tail]), "relation": relation, "question": question}
        buffers |= {"group": torch.unique(question, return_inverse=True)[1]}
        buffers |= {"is_entity": torch.zeros(self.size, dtype=torch.bool).index_fill(0, head, True)}
        for name, values in buffers.items():
            self.register_buffer(name, values, persistent=False)
        self.embedding = nn.Embedding(self.size, dim)
        self.layers = nn.ModuleList(RelationalLayer(dim, len(names), bases) for _ in range(depth))
        self.between = nn.Sequential(nn.ReLU(), nn.Dropout(dropout))
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        shown = self.shown(inputs) if self.training else torch.ones_like(self.group, dtype=torch.bool)
        (head, tail), relation, group = self.ends[:, shown], self.relation[shown], self.group[shown]
        share = 1 / torch.bincount(group, minlength=len(self.group))[group]  # [E]
        x: Tensor = self.embedding.weight  # [V + 1, D]
        for place, layer in enumerate(self.layers):
            x = layer(self.between(x) if place else x, head, relation, tail, share)
        return Tokens(self.norm(x)[inputs.values], inputs.mask & self.is_entity[inputs.values])

    def shown(self, inputs: Padded) -> Tensor:
        """Return which edges answer no question of the batch, an entity and the relation after it. -> bool [E]"""
        asked = (inputs.values[:, :-1] * self.size + inputs.values[:, 1:])[inputs.mask[:, 1:]]
        answers = torch.isin(self.question, asked).view(-1, 2).any(1)  # of each fact
        return ~answers.repeat_interleave(2)


class RelationalLayer(nn.Module):
    """Sum what the entities at the other ends say, each by its relation's matrix. [N, D] -> [N, D]"""

    def __init__(self, dim: int, relations: int, bases: int) -> None:
        super().__init__()
        self.own = nn.Linear(dim, dim)
        self.bases = nn.Parameter(torch.randn(bases, dim, dim) * dim**-0.5)
        self.mix = nn.Parameter(torch.randn(relations, bases) * bases**-0.5)

    def forward(self, x: Tensor, head: Tensor, relation: Tensor, tail: Tensor, share: Tensor) -> Tensor:
        total: Tensor = self.own(x)
        said = x[tail]  # [E, D]
        for basis, weights in zip(self.bases, self.mix[relation].unbind(1), strict=True):
            messages = said * (weights * share).unsqueeze(1)
            total = total + torch.zeros_like(x, dtype=messages.dtype).index_add(0, head, messages) @ basis
        return total


def read_edges(path: str, numbers: Mapping[str, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Read the heads, relations and tails of the edges as numbers of symbols. -> each [E]

    Raises:
        ConfigError: If a symbol of the edges has no number, or there is no edge.
    """
    hint = "Set inputs=[asked,relation] encoder/symbols@encoder.asked=rgcn"
    with open(path, encoding="utf-8") as file:
        edges = [json.loads(line) for line in file]
    if lacking := sorted({symbol for edge in edges for symbol in edge if symbol not in numbers}):
        rule = "RGCNEncoder: symbols must be the entities and the relations of the graph"
        raise ConfigError(f"{rule}, got none called {lacking[0]!r}.", hint)
    if not edges:
        raise ConfigError(f"RGCNEncoder: edges must be at least one fact, got none in {path}.", hint)
    head, relation, tail = torch.tensor([[numbers[symbol] for symbol in edge] for edge in edges]).unbind(1)
    return head, relation, tail
