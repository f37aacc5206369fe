"""Attention: how much what is answered from attends to each token, through the fusion and the pool after it.

Shown is the attention of each fused token to the tokens of the inputs, averaged over heads, weighed by how much the
fused token counts in the task's pool: by its attention if that is one of attention, else equally. Through several
layers it is followed by rollout (Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers",
https://arxiv.org/abs/2005.00928). A token counts for the part of the input that stands where it stands; where an
encoder gives one token of an input, all parts share it.

Attention is not an explanation by itself: other weights may give the same answer, and weights need not agree with what
the answer depends on (Jain and Wallace 2019, "Attention is not Explanation", https://arxiv.org/abs/1902.10186). It is
never negative, says nothing of the values that are attended to, and tokens already hold what their encoder has mixed.
So read it next to its faithfulness, which is measured as that of every other method.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from math import isqrt

import torch
from torch import Tensor, nn

from mmexp.config.provenance import option_path, options
from mmexp.config.static import ancestors, find_class
from mmexp.contract import Batch, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion
from mmexp.inference.predictor import Predictor
from mmexp.layer.attention import watched
from mmexp.study.explain.parts import Parts
from mmexp.study.explain.question import Question

HELP = "attention of the fusion to each token"
SIGNED = False
_TARGET = re.compile(r"^_target_:\s*([\w.]+)", re.MULTILINE)


def why_not(trained: Predictor) -> str:
    """Say why a run has no attention to show; empty if it has."""
    model = trained.module.model
    if type(model.fusion).attended is Fusion.attended:
        return f"fusion must be one with attention, {', '.join(with_attention())}, got {type(model.fusion).__name__}"
    if model.task.anchor is not None:
        kept = f"{type(model.task).__name__}, which keeps those of {model.task.anchor}"
        return f"task must fuse all inputs to one set of tokens, got {kept}"
    return ""


def with_attention() -> list[str]:
    """Return the fusions whose class says what it attends to."""
    found = {one: _TARGET.search(option_path(f"fusion/{one}").read_text()) for one in options("fusion")}
    return [option for option, target in found.items() if target and _attends(target[1])]


def attribute(question: Question) -> Tensor:
    """Return how much is attended to each part; NaN of an input that the fusion is not given. [P]

    Raises:
        ConfigError: If the run has no attention, or the task never asks for the joint form.
    """
    if reason := why_not(question.trained):
        raise ConfigError(f"explain: {reason}.")
    model, calls = question.trained.module.model, list[Mapping[str, Tokens]]()
    hook = model.fusion.register_forward_pre_hook(lambda module, given: calls.append(given[0]))
    batch = question.batch
    asked = Batch(batch.inputs, question.answer.targets(1), batch.ids, batch.files).to(question.trained.device)
    with torch.no_grad(), question.trained.hardware.autocast():
        try:
            model(asked)
        finally:
            hook.remove()
    if not calls:
        raise ConfigError(f"explain: task must ask for the joint form, got {type(model.task).__name__}.")
    with torch.no_grad():
        found = [_of_call(model.fusion, getattr(model.task, "pool", None), tokens) for tokens in calls]
    return torch.cat([_of_input(name, parts, found) for name, parts in question.parts.items()])


def pooled(pool: nn.Module | None, tokens: Tokens) -> Tensor:
    """Return how much each token counts in what a pool makes of them: by its attention, or equally. [B, N]"""
    if pool is not None:
        with watched(pool) as seen:
            pool(tokens)
        if seen:
            return seen[0].float().mean((1, 2)) * tokens.mask
    return tokens.mask / tokens.mask.sum(1, keepdim=True).clamp(min=1)


def to_parts(parts: Parts, attention: Tensor) -> Tensor:
    """Give the attention to N tokens of an input to the parts that stand where they stand. [N] -> [P]

    Tokens are of the positions one by one; or of stretches of equal length, in order; or of the cells of a square grid.
    """
    place, count = parts.place, len(attention)
    side = isqrt(count)
    if place.ndim == 2 and side * side == count:
        rows, columns = (torch.arange(size, device=place.device) * side // size for size in place.shape)
        token = rows[:, None] * side + columns
    elif place.ndim == 1 and count == len(place):
        token = torch.arange(count, device=place.device)
    elif place.ndim == 1:
        order = (place >= 0).long().cumsum(0)
        token = torch.where(place >= 0, (order - 1) * count // order[-1].clamp(min=1), -1)
    else:
        token, attention = torch.zeros_like(place), attention.sum().view(1)
    known = token >= 0
    sizes = torch.bincount(token[known], minlength=len(attention)).clamp(min=1)
    each = torch.where(known, (attention / sizes)[token.clamp(min=0)], 0.0)
    return parts.sums(each)


def _of_call(fusion: Fusion, pool: nn.Module | None, tokens: Mapping[str, Tokens]) -> dict[str, Tensor]:
    """Return how much the tokens of each input are attended to, those that are real, in float32. [N_m]"""
    tokens = {name: Tokens(own.features.float(), own.mask) for name, own in tokens.items()}
    weights = fusion.attended(tokens)
    if weights is None:
        raise ConfigError(f"explain: fusion must say what it attends to, got {type(fusion).__name__}.")
    counts = pooled(pool, fusion(tokens))  # [1, N]
    every = (counts.unsqueeze(1) @ weights.to(counts)).squeeze(1)[0]  # [sum of N_m]
    parts = torch.split(every, [own.features.shape[1] for own in tokens.values()])
    whole = {name: own.mask[0] for name, own in tokens.items()}
    return {name: part * whole[name] for name, part in zip(tokens, parts, strict=True)}


def _of_input(name: str, parts: Parts, calls: list[dict[str, Tensor]]) -> Tensor:
    """Add up what the calls attend to in one input."""
    found = [to_parts(parts, own[name]) for own in calls if name in own]
    return torch.stack(found).sum(0) if found else torch.full((len(parts.names),), torch.nan)


def _attends(target: str) -> bool:
    """Whether a class of a fusion, or one that it inherits from, defines ``attended`` anew."""
    cls = find_class(target)
    known = [
        one.node for one in (ancestors(cls) if cls else ()) if one and one.node and one.node.name != Fusion.__name__
    ]
    return any(isinstance(own, ast.FunctionDef) and own.name == "attended" for node in known for own in node.body)
