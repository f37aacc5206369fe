"""Integrated gradients: gradients of the score along the way from a blank input, each input by itself.

Source: Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks", https://arxiv.org/abs/1703.01365, eq. 1; by
captum, for ids over their embeddings. Differs: on the way of one input, the others are those of the sample.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from mmexp.study.explain.question import Question

HELP = "gradients on the way from a blank input"
SERVED = True
STEPS = 32


def attribute(question: Question) -> Tensor:
    """Return what each part counts; of one input together, how far the score is above that of its blank. [P]"""
    return torch.cat([_of(question, name) for name in question.parts])


def _of(question: Question, name: str) -> Tensor:
    from captum.attr import IntegratedGradients, LayerIntegratedGradients

    inputs, parts, kind = question.batch.inputs[name], question.parts[name], question.kinds[name]

    def score(values: Tensor) -> Tensor:
        mask = inputs.mask.expand(len(values), *inputs.mask.shape[1:])
        others = {key: own for key, own in vars(inputs).items() if key not in ("values", "mask")}
        many = {key: own.expand(len(values), *own.shape[1:]) for key, own in others.items()}
        return question.score({name: replace(inputs, values=values, mask=mask, **many)})

    if kind.CONTINUOUS:
        values = inputs.values.float()
        blank = torch.zeros_like(values) if parts.blank is None else parts.blank[None].float()
        found = IntegratedGradients(score).attribute(
            values, baselines=blank, n_steps=STEPS, internal_batch_size=min(STEPS, question.rows)
        )
        found = found[0]
        while found.ndim > parts.place.ndim:
            found = found.sum(-1 if parts.blank is None else 0)
        return parts.sums(found.detach())
    encoder = question.trained.module.model.encoders[name]
    embedding = next((one for one in encoder.modules() if isinstance(one, nn.Embedding)), None)
    if embedding is None:
        return torch.full((len(parts.names),), float("nan"))
    ids = inputs.values
    blank_ids = torch.where(parts.place[None] >= 0, _blank(question, name), ids)
    found = LayerIntegratedGradients(score, embedding).attribute(
        ids, baselines=blank_ids, n_steps=STEPS, internal_batch_size=min(STEPS, question.rows)
    )
    return parts.sums(found[0].sum(-1).detach())


def _blank(question: Question, name: str) -> int:
    """Id of a word that says nothing: the unknown one."""
    tokenizer = getattr(question.trained.module.model.transforms[name], "tokenizer", None)
    known = getattr(tokenizer, "unk", getattr(tokenizer, "unk_token_id", None))
    return int(known or 0)
