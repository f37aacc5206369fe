"""Unmasked and masked samples in one batch, so that the encoders read both at once."""

from __future__ import annotations

from dataclasses import fields

import torch

from mmexp.contract import Batch, Padded, Tokens


def concatenate(one: Batch, other: Batch) -> Batch:
    """Two batches of the same shapes as one of twice as many rows."""
    inputs = {name: _joined(own, other.inputs[name]) for name, own in one.inputs.items()}
    return Batch(inputs, {**one.targets, **other.targets}, (*one.ids, *other.ids))


def apart(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """The first and the second half of the rows."""
    (one, other), (here, there) = tokens.features.chunk(2), tokens.mask.chunk(2)
    return Tokens(one, here), Tokens(other, there)


def _joined(one: Padded, other: Padded) -> Padded:
    return type(one)(**{f.name: torch.cat([getattr(one, f.name), getattr(other, f.name)]) for f in fields(one)})
