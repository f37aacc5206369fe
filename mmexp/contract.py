"""What crosses a boundary: a Sample from a dataset, a Batch to the model, Tokens between its parts.

Each is frozen and carries a mask; True marks what is real. Legend: B batch, L input length, N tokens, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor

Split = Literal["train", "val", "test"]
T = TypeVar("T")

Outputs = dict[str, Any]
"""What a task's ``forward`` returns, by name: logits, boxes, texts ..."""


@dataclass(frozen=True)
class Waveform:
    """Audio as a dataset gives it.

    Args:
        samples: Mono float32 samples in [-1, 1]. [L]
        rate: Samples per second, in Hz.

    Example:
        >>> import numpy as np
        >>> from mmexp import Waveform
        >>> tone = Waveform(np.sin(np.arange(8000) * 0.3).astype(np.float32), rate=8000)
        >>> len(tone.samples) / tone.rate
        1.0
    """

    samples: np.ndarray
    rate: int


@dataclass(frozen=True)
class Sample:
    """One example before any transform. A missing modality is a missing key.

    Args:
        id: Unique within the dataset.
        inputs: By modality: image uint8 array [H, W, 3], audio Waveform, text str, a list of str that say the same or a
            tuple of str that follow on one another ...
        targets: By target name: label str or int, labels list, captions list of str, answer str ...
        files: By input that was read from a file, the hash of its content: what is equal was shown before.

    Example:
        >>> from mmexp import Sample
        >>> sample = Sample("s1", inputs={"text": "a red cube"}, targets={"label": "cube"})
        >>> sample.inputs.get("image") is None
        True
    """

    id: str
    inputs: Mapping[str, Any]
    targets: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Padded:
    """Values of one modality for a batch, padded to one shape.

    Args:
        values: [B, ...] where the mask is [B], [B, L, ...] where it is [B, L].
        mask: Bool; which rows, or which positions of each row, are real.

    Example:
        >>> import torch
        >>> from mmexp import Padded
        >>> ids = Padded(torch.tensor([[5, 7, 9], [4, 0, 0]]), torch.tensor([[True, True, True], [True, False, False]]))
        >>> ids.mask.sum(1)
        tensor([3, 1])
        >>> ids.present
        tensor([True, True])
    """

    values: Tensor
    mask: Tensor

    def __post_init__(self) -> None:
        if self.mask.dtype != torch.bool:
            raise TypeError(f"Padded: mask must be bool, got {self.mask.dtype}.")
        if self.mask.shape != self.values.shape[: self.mask.ndim]:
            raise ValueError(
                f"Padded: mask must match the leading dimensions of values {tuple(self.values.shape)}, "
                f"got {tuple(self.mask.shape)}."
            )

    @property
    def present(self) -> Tensor:
        """Rows with anything real. [B]"""
        return self.mask if self.mask.ndim == 1 else self.mask.any(1)


@dataclass(frozen=True)
class Batch:
    """What the model, the objective and the metrics read of B samples.

    Args:
        inputs: Padded values by modality, in the order of the root key ``inputs``.
        targets: Tensors, Padded or plain lists by target name.
        ids: Sample ids, B of them.
        files: Hashes of the files that the inputs were read from, by sample and input; B of them, or none.

    Example:
        >>> import torch
        >>> from mmexp import Batch, Padded
        >>> vectors = Padded(torch.zeros(2, 4), torch.tensor([True, False]))
        >>> batch = Batch(inputs={"vector": vectors}, targets={}, ids=("s1", "s2"))
        >>> len(batch.to("cpu"))
        2
    """

    inputs: dict[str, Padded]
    targets: dict[str, Any]
    ids: tuple[str, ...]
    files: tuple[Mapping[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, part: slice) -> Batch:
        """Return some of its samples as a batch."""
        return _rows(self, part)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """Return the batch with every tensor on ``device``."""
        return _apply(self, lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> Batch:
        """Return the batch in page-locked memory (called by the DataLoader)."""
        return _apply(self, lambda tensor: tensor.pin_memory())


@dataclass(frozen=True)
class Tokens:
    """A set of D-wide vectors per sample: what encoders give, fusions take and give, and heads take.

    Args:
        features: [B, N, D]
        mask: Bool. [B, N]

    Example:
        >>> import torch
        >>> from mmexp import Tokens
        >>> tokens = Tokens(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), torch.tensor([[True, False]]))
        >>> tokens.pool()
        tensor([[1., 2.]])
        >>> Tokens.cat([tokens, tokens]).mask
        tensor([[ True, False,  True, False]])
    """

    features: Tensor
    mask: Tensor

    def __post_init__(self) -> None:
        if self.features.ndim != 3:
            raise ValueError(f"Tokens: features must be [B, N, D], got {tuple(self.features.shape)}.")
        if self.mask.shape != self.features.shape[:2] or self.mask.dtype != torch.bool:
            raise ValueError(
                f"Tokens: mask must be bool {tuple(self.features.shape[:2])}, "
                f"got {self.mask.dtype} {tuple(self.mask.shape)}."
            )

    @property
    def present(self) -> Tensor:
        """Rows with a real token. [B]"""
        return self.mask.any(1)

    def pool(self) -> Tensor:
        """Mean of the real tokens, zero for a row without any. [B, D]"""
        weight = self.mask.unsqueeze(-1).to(self.features.dtype)
        return (self.features * weight).sum(1) / weight.sum(1).clamp(min=1)

    @staticmethod
    def cat(parts: list[Tokens]) -> Tokens:
        """Concatenate along N."""
        return Tokens(torch.cat([p.features for p in parts], 1), torch.cat([p.mask for p in parts], 1))


def _rows(value: T, part: slice) -> T:
    """Take some of B rows of every tensor, list and tuple in dataclasses and dicts."""
    if isinstance(value, Tensor | list | tuple):
        return value[part]  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _rows(getattr(value, f.name), part) for f in fields(value)})
    if isinstance(value, dict):
        return type(value)({key: _rows(item, part) for key, item in value.items()})
    return value


def _apply(value: T, function: Any) -> T:
    """Map ``function`` over every tensor in dataclasses, dicts and lists."""
    if isinstance(value, Tensor):
        return function(value)  # type: ignore[no-any-return]
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _apply(getattr(value, f.name), function) for f in fields(value)})
    if isinstance(value, dict):
        return type(value)({key: _apply(item, function) for key, item in value.items()})
    if isinstance(value, list):
        return type(value)(_apply(item, function) for item in value)
    return value
