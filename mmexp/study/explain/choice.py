"""Which samples are explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmexp.contract import Sample
from mmexp.error import ConfigError, nearest
from mmexp.inference.evaluate import read_samples, split_samples
from mmexp.inference.predictor import Predictor


def choose(
    trained: Predictor, words: Sequence[str], ids: Sequence[str], number: int
) -> tuple[list[Sample], Mapping[str, str]]:
    """Return the samples that are typed, those of the test split that are named, or some of it, with their groups.

    Args:
        trained: The run.
        words: Tables, files and values, as typed.
        ids: Of the test split.
        number: Of the test split, where nothing is named.

    Raises:
        ConfigError: If there is no sample of an id, or no sample at all.
    """
    if words:
        samples = [sample for part in read_samples(trained, words)[0] for sample in part]
        return _some(samples), {}
    read = split_samples(trained)
    if not ids:
        step = max(1, len(read.samples) // max(number, 1))
        places = range(0, len(read.samples), step)[: max(number, 0)]
        return _some([read.samples[i] for i in places]), read.dataset.groups("test")
    known = {sample.id: sample for sample in read.samples}
    if unknown := [one for one in ids if one not in known]:
        rule = f"explain: --sample must be of the {len(known)} test samples"
        raise ConfigError(f"{rule}, got {unknown[0]!r}.", nearest(unknown[0], list(known)))
    return [known[one] for one in ids], read.dataset.groups("test")


def _some(samples: list[Sample]) -> list[Sample]:
    if not samples:
        raise ConfigError("explain: samples must be one at least, got none.")
    return samples
