"""Fusions as one writes them down from the paper: the other side of the benchmarks.

Each takes its weights from one of ours and gives the same output. They heed padding, but not missing modalities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.attention import AttentionFusion, CrossAttentionLayer
from mmexp.fusion.bilinear import EPS, SOFTNESS, BilinearFusion
from mmexp.fusion.bottleneck import BottleneckFusion
from mmexp.fusion.co_attention import CoAttentionFusion
from mmexp.fusion.concat import ConcatFusion
from mmexp.fusion.factor import FactorFusion
from mmexp.fusion.film import FilmFusion
from mmexp.fusion.gated import GatedFusion
from mmexp.fusion.low_rank import LowRankFusion
from mmexp.fusion.tensor import TensorFusion
from mmexp.layer.attention import SelfAttentionBlock

Mix = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def fused(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention by torch's own kernel. [B, H, N, d], twice [B, H, S, d], bool [B, 1, 1, S] -> [B, H, N, d]"""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def matmul(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention by two matrix products, which CPUs may train faster."""
    weights = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    return weights.masked_fill(~mask, float("-inf")).softmax(-1) @ v


def own(weight: Tensor) -> nn.Parameter:
    """A weight of one's own, equal to another."""
    return nn.Parameter(weight.detach().clone().contiguous())


def mean(tokens: Tokens) -> Tensor:
    """Average the real tokens. [B, N, D] -> [B, D]"""
    weight = tokens.mask.unsqueeze(-1).to(tokens.features.dtype)
    return (tokens.features * weight).sum(1) / weight.sum(1)


def ones(vector: Tensor) -> Tensor:
    """[..., D] -> [..., D + 1]"""
    return torch.cat([vector, torch.ones_like(vector[..., :1])], -1)


def outer(vectors: list[Tensor]) -> Tensor:
    """Write the outer product out. M times [..., I] -> [..., I^M]"""
    whole = vectors[0]
    for vector in vectors[1:]:
        whole = (whole.unsqueeze(-1) * vector.unsqueeze(-2)).flatten(-2)
    return whole


def affine(fusion: FactorFusion) -> Tensor:
    """Weights of a factor that the appended 1 goes through too. [M, D + 1, K]"""
    return torch.cat([fusion.weight, fusion.bias.unsqueeze(1)], 1).detach()


class LowRank(nn.Module):
    """LMF: one modality after the other, one weight for each."""

    def __init__(self, fusion: LowRankFusion) -> None:
        super().__init__()
        rank = len(fusion.mix)
        self.factors = nn.ParameterList(own(w.unflatten(-1, (rank, -1)).transpose(0, 1)) for w in affine(fusion))
        self.mix = own(fusion.mix.view(1, rank))

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        product: Tensor | float = 1.0
        for tokens, factor in zip(inputs.values(), self.factors, strict=True):
            product = product * torch.matmul(ones(mean(tokens)), factor)  # [R, B, D]
        return torch.matmul(self.mix, product.permute(1, 0, 2)).squeeze(1)  # type: ignore[union-attr]


class Tensors(nn.Module):
    """TFN: project, write the outer product out, one linear layer; the first modality may keep its positions."""

    def __init__(self, fusion: TensorFusion, anchored: bool = False) -> None:
        super().__init__()
        side = fusion.width + 1
        self.anchored = anchored
        self.project = nn.ModuleList(nn.Linear(fusion.dim, fusion.width) for _ in fusion.modalities)
        for layer, weight, bias in zip(self.project, fusion.weight, fusion.bias, strict=True):
            layer.weight, layer.bias = own(weight.T), own(bias)
        self.core = own(fusion.core.view(-1, side, fusion.dim).transpose(0, 1).reshape(-1, fusion.dim).T)

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        first, *others = inputs.values()
        vectors = [first.features if self.anchored else mean(first)]
        vectors += [
            mean(tokens)[:, None].expand_as(first.features) if self.anchored else mean(tokens) for tokens in others
        ]
        z = [ones(project(vector)) for project, vector in zip(self.project, vectors, strict=True)]
        mixed = F.linear(outer(z), self.core)
        return first.features + mixed if self.anchored else mixed


class WholeTensors(nn.Module):
    """TFN of unprojected vectors: ``(D + 1)^3 D`` weights, to which projections and core were multiplied out."""

    def __init__(self, fusion: TensorFusion) -> None:
        super().__init__()
        side = fusion.width + 1
        last = F.one_hot(torch.tensor(fusion.dim), fusion.dim + 1).to(fusion.weight)
        sides = [torch.cat([one, last.unsqueeze(1)], 1) for one in affine(fusion)]  # [D + 1, S]
        core = fusion.core.detach().view(side, side, side, fusion.dim)  # the first modality stands third
        whole = torch.einsum("ijkd,ck->cijd", core, sides[0])
        whole = torch.einsum("cijd,ai->cajd", whole, sides[1])
        self.core = nn.Parameter(torch.einsum("cajd,bj->cabd", whole, sides[2]).flatten(0, 2))

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        return outer([ones(mean(tokens)) for tokens in inputs.values()]) @ self.core


class Bilinear(nn.Module):
    """A full bilinear form of two modalities, ``[D + 1, D + 1, D]``, then root and norm."""

    def __init__(self, fusion: BilinearFusion) -> None:
        super().__init__()
        left, right = affine(fusion).unflatten(-1, (-1, fusion.dim))
        self.form = nn.Parameter(torch.einsum("irh,jrh->ijh", left, right).flatten(0, 1))

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        raw = outer([ones(mean(tokens)) for tokens in inputs.values()]) @ self.form
        return F.rms_norm(raw / (raw.abs() + SOFTNESS).sqrt(), raw.shape[-1:], eps=EPS)


class Concat(nn.Module):
    """Cat and an MLP."""

    def __init__(self, fusion: ConcatFusion) -> None:
        super().__init__()
        self.first, self.second = deepcopy(fusion.mix[0]), deepcopy(fusion.mix[-1])

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        return self.second(F.gelu(self.first(torch.cat([mean(tokens) for tokens in inputs.values()], -1))))


class Gated(nn.Module):
    """All values in one product, all gates in one layer."""

    def __init__(self, fusion: GatedFusion) -> None:
        super().__init__()
        self.value, self.bias, self.gate = own(fusion.value), own(fusion.bias), deepcopy(fusion.gate)

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        vectors = [mean(tokens) for tokens in inputs.values()]
        values = torch.baddbmm(self.bias.unsqueeze(1), torch.stack(vectors), self.value)  # [M, B, D]
        gates = self.gate(torch.cat(vectors, -1)).unflatten(-1, (len(vectors), -1)).softmax(1)  # [B, M, D]
        return (gates * values.tanh().transpose(0, 1)).sum(1)


class Film(nn.Module):
    """One layer of the second modality scales and shifts the first."""

    def __init__(self, fusion: FilmFusion) -> None:
        super().__init__()
        self.weight, self.bias = own(fusion.weight[0].T), own(fusion.bias)

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        first, second = (mean(tokens) for tokens in inputs.values())
        scale, shift = F.linear(second, self.weight, self.bias).chunk(2, -1)
        return torch.addcmul(first + shift, scale, first)


class Attentive(nn.Module):
    """Each modality attends to the others and a token ``nothing``, with bare attention and linear layers."""

    def __init__(self, fusion: AttentionFusion, mix: Mix) -> None:
        super().__init__()
        self.layers, self.mix = deepcopy(fusion.layers), mix
        self.nothing, self.origin = own(fusion.nothing), own(fusion.origin)

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        tokens = list(inputs.values())
        marked = [one.features + origin for one, origin in zip(tokens, self.origin, strict=True)]
        done = []
        for place, one in enumerate(tokens):
            others = [i for i in range(len(tokens)) if i != place]
            keys = torch.cat([self.nothing.expand(len(one.features), -1, -1), *(marked[i] for i in others)], 1)
            mask = F.pad(torch.cat([tokens[i].mask for i in others], 1), (1, 0), value=True)[:, None, None]
            x = one.features
            for layer in self.layers:
                x = cross(layer, x, keys, mask, self.mix)
            done.append(x)
        return torch.cat(done, 1)


def cross(layer: CrossAttentionLayer, x: Tensor, keys: Tensor, mask: Tensor, mix: Mix) -> Tensor:
    """One pre-norm layer of cross-attention. [B, N, D], [B, S, D] -> [B, N, D]"""
    attention = layer.attention
    heads = (attention.num_heads, -1)
    query = attention.query(layer.norm_query(x)).unflatten(-1, heads).transpose(1, 2)
    key, value = attention.key_value(layer.norm_key(keys)).unflatten(-1, (2, *heads)).permute(2, 0, 3, 1, 4)
    x = x + attention.out(mix(query, key, value, mask).transpose(1, 2).flatten(2))
    return x + layer.mlp[2](F.gelu(layer.mlp[0](layer.norm(x))))


class Bottleneck(nn.Module):
    """Each modality next to the bottlenecks through a block of its own; the bottlenecks are averaged."""

    def __init__(self, fusion: BottleneckFusion, mix: Mix) -> None:
        super().__init__()
        self.layers, self.z, self.mix = deepcopy(fusion.layers), own(fusion.bottlenecks), mix

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        tokens = list(inputs.values())
        rows, count = len(tokens[0].features), self.z.shape[1]
        x, z = [one.features for one in tokens], self.z.expand(rows, -1, -1)
        masks = [F.pad(one.mask, (0, count), value=True)[:, None, None] for one in tokens]
        for blocks in self.layers:
            both = [itself(b, torch.cat([a, z], 1), m, self.mix) for b, a, m in zip(blocks, x, masks, strict=True)]
            x, z = [one[:, :-count] for one in both], sum(one[:, -count:] for one in both) / len(both)
        return torch.cat([*x, z], 1)


def itself(block: SelfAttentionBlock, x: Tensor, mask: Tensor, mix: Mix) -> Tensor:
    """One pre-norm block of self-attention. [B, N, D] -> [B, N, D]"""
    attention, normed = block.attention, block.norm1(x)
    heads = (attention.num_heads, -1)
    query = attention.query(normed).unflatten(-1, heads).transpose(1, 2)
    key, value = attention.key_value(normed).unflatten(-1, (2, *heads)).permute(2, 0, 3, 1, 4)
    x = x + attention.out(mix(query, key, value, mask).transpose(1, 2).flatten(2))
    return x + block.mlp[2](F.gelu(block.mlp[0](block.norm2(x))))


class CrossModalTransformer(nn.Module):
    """MulT: layers of ``nn.MultiheadAttention`` from each of two modalities to the other."""

    def __init__(self, fusion: CoAttentionFusion) -> None:
        super().__init__()
        self.ways = nn.ModuleList(nn.ModuleList(map(CrossModalLayer, fusion.pairs[way])) for way in ("1->0", "0->1"))

    def forward(self, inputs: Mapping[str, Tokens]) -> Tensor:
        first, second = inputs.values()
        done = []
        for layers, target, source in zip(self.ways, (first, second), (second, first), strict=True):
            x = target.features
            for layer in layers:
                x = layer(x, source.features, ~source.mask)
            done.append(x)
        return torch.cat(done, 1)


class CrossModalLayer(nn.Module):
    """Attention to the source, then an MLP, both pre-norm."""

    def __init__(self, layer: CrossAttentionLayer) -> None:
        super().__init__()
        attention = layer.attention
        self.norms = nn.ModuleList(map(deepcopy, (layer.norm_query, layer.norm_key, layer.norm)))
        self.attention = nn.MultiheadAttention(len(layer.norm.weight), attention.num_heads, batch_first=True)
        self.attention.in_proj_weight = own(torch.cat([attention.query.weight, attention.key_value.weight]))
        self.attention.in_proj_bias = own(torch.cat([attention.query.bias, attention.key_value.bias]))
        self.attention.out_proj = deepcopy(attention.out)
        self.first, self.second = deepcopy(layer.mlp[0]), deepcopy(layer.mlp[2])

    def forward(self, x: Tensor, source: Tensor, padding: Tensor) -> Tensor:
        keys = self.norms[1](source)
        x = x + self.attention(self.norms[0](x), keys, keys, key_padding_mask=padding, need_weights=False)[0]
        return x + self.second(F.gelu(self.first(self.norms[2](x))))
