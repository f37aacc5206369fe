"""Samples that are read, prepared and encoded once, for all the passes that evaluate them, whole or altered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from mmexp.contract import Batch, Padded, Sample, Tokens
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples
from mmexp.training.model import KnownTokens, Model
from mmexp.training.size import size_of
from mmexp.transform.base import Transform

LIMIT = 1 << 30
"""Bytes that are kept of a split: raw, prepared and collated values, and tokens; beyond, each pass computes anew."""


class ReadOnce(Samples):
    """A split of which a process keeps what it has read and computed, as far as there is room.

    Altered samples pass on what they do not change as the same object, so that what became of it is known again: what
    a transform has made of a value, what a batch of these is, and, on a CPU, what an encoder gave for it. A changed
    value is another object, and goes the whole way. Files are as they were when they were first read.

    Args:
        samples: A split.
        limit: Bytes that are kept.
    """

    def __init__(self, samples: Sequence[Sample], limit: int = LIMIT) -> None:
        self.samples, self.limit, self.used = samples, limit, 0
        self._values: dict[tuple[int, str, str], Any] = {}
        self._prepared: dict[tuple[int, Transform], Any] = {}
        self._ids: dict[str, set[int]] = {"raw": set(), "prepared": set(), "collated": set()}
        self._collated: dict[tuple[Any, ...], Any] = {}
        self._tokens: dict[int, Tokens] = {}

    def __len__(self) -> int:
        return len(self.samples)

    def __getstate__(self) -> dict[str, Any]:
        """Leave what is kept behind in another process, which reads for itself."""
        return vars(ReadOnce(self.samples, self.limit))

    def sample(self, index: int) -> Sample:
        own = self.samples[index]
        inputs = Lazy(tuple(own.inputs), partial(self._read, index, "input", own.inputs))
        targets = Lazy(tuple(own.targets), partial(self._read, index, "target", own.targets))
        return Sample(own.id, inputs, targets, own.files)

    def transforms(self, own: Mapping[str, Transform], whole: bool) -> dict[str, Transform]:
        """Return transforms that know what they have made of a kept value.

        Args:
            own: By input or target.
            whole: Whether they are given the split as it is, whose batches are kept too.
        """
        return {name: OnceTransform(one, self, whole) for name, one in own.items()}

    def known(self, batch: Batch) -> Batch:
        """Return a batch with tokens in place of the inputs for which an encoder gave them before."""
        found = {name: self._tokens.get(id(one.values)) for name, one in batch.inputs.items()}
        tokens = {name: KnownTokens(one.features.clone(), one.mask.clone()) for name, one in found.items() if one}
        return replace(batch, inputs={**batch.inputs, **tokens})

    @contextmanager
    def watching(self, model: Model) -> Iterator[None]:
        """Keep within the block what encoders give for batches that are kept, unless the task reads their inputs."""

        def keep(encoder: nn.Module, given: tuple[Padded, ...], tokens: Tokens) -> None:
            key = id(given[0].values)
            if key in self._ids["collated"] and self._takes([tokens.features, tokens.mask]):
                self._tokens[key] = tokens

        chosen = [one for name, one in model.encoders.items() if name not in model.task.reads]
        hooks = [one.register_forward_hook(keep) for one in chosen]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def prepare(self, transform: Transform, value: Any) -> Any:
        """Return what a transform makes of a value: once, if the value is kept and there is room for it."""
        if id(value) not in self._ids["raw"]:
            return transform.prepare(value)
        key = (id(value), transform)  # no other object has the id while the value is kept
        if key not in self._prepared:
            found = transform.prepare(value)
            if not self._takes(found):
                return found
            self._prepared[key] = found
            self._ids["prepared"].add(id(found))
        return self._prepared[key]

    def collate(self, transform: Transform, items: Sequence[Any], keep: bool) -> Any:
        """Return what a transform makes of a batch: once, if all of its values are kept and there is room for it."""
        key = (transform, *(None if item is None else id(item) for item in items))
        if key in self._collated:
            return self._collated[key]
        found = transform.collate(items)
        kept = all(item is None or id(item) in self._ids["prepared"] for item in items)
        if keep and kept and isinstance(found, Padded) and self._takes([found.values, found.mask]):
            self._collated[key] = found
            self._ids["collated"].add(id(found.values))
        return found

    def _read(self, index: int, role: str, own: Mapping[str, Any], name: str) -> Any:
        key = (index, role, name)
        if key in self._values:
            return self._values[key]
        value = own[name]
        if self._takes(value):
            self._values[key] = value
            self._ids["raw"].add(id(value))
        return value

    def _takes(self, value: Any) -> bool:
        size = size_of(value)
        if self.used + size > self.limit:
            return False
        self.used += size
        return True


class OnceTransform(Transform):
    """Do what another transform does, once for each value that is kept.

    Args:
        own: The other.
        once: Keeps values.
        whole: Whether batches are kept.
    """

    def __init__(self, own: Transform, once: ReadOnce, whole: bool) -> None:
        self.own, self.once, self.whole = own, once, whole

    def prepare(self, raw: Any) -> Any:
        return self.once.prepare(self.own, raw)

    def collate(self, items: Sequence[Any]) -> Any:
        return self.once.collate(self.own, items, self.whole)
