"""``mmexp predict`` as a function."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mmexp.api.run import load_run
from mmexp.contract import Sample
from mmexp.error import ConfigError
from mmexp.inference.evaluate import read_samples
from mmexp.inference.predictor import Predictor, restore

Given = Sample | Mapping[str, Any] | str | os.PathLike[str]


def predict(run: str | os.PathLike[str], *samples: Given, overrides: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Predict with the best checkpoint of a run; its training data is not needed.

    Args:
        run: A run, its path, its id, or ``last``.
        samples: Each one is a dict of modalities, ``{"image": "a.png", "text": "what is it"}``: a path, a text, a list
            of numbers ..., and an ``id`` if you like; the path of a file, a sample of one modality; the path of a
            table, a sample per row; or a ``Sample``, with arrays in memory.
        overrides: ``hardware=cpu``, ``training.batch_size``, ``task.beams``, ``task.length_penalty``.

    Returns:
        A row per sample, in order, with ``id``, the prediction and its score.

    Raises:
        ConfigError: If there is no such run, or a sample has a modality that the model does not encode.
        DataError: If a file is not there, or broken.
        TypeError: If a value of a dict has no JSON.

    Example:
        >>> import mmexp
        >>> rows = mmexp.predict("last", {"text": "a red cube"}, {"id": "balls", "text": "two blue balls"})
        >>> [row["id"] for row in rows]
        ['0', 'balls']
        >>> 0 < rows[0]["score"] <= 1
        True
    """
    if not samples:
        raise ConfigError("predict: samples must be given, got none.")
    predictor = restore(load_run(run).folder, overrides)
    read = [sample for number, given in enumerate(samples) for sample in _read(predictor, given, number)]
    return list(predictor.predict(read))


def _read(predictor: Predictor, given: Given, number: int) -> list[Sample]:
    """The samples that one argument stands for."""
    if isinstance(given, Sample):
        return [given]
    if not isinstance(given, Mapping):
        return _read_words(predictor, [os.fspath(given)])
    words = [f"{name}={_written(name, value)}" for name, value in given.items() if name != "id"]
    return [replace(sample, id=str(given.get("id", number))) for sample in _read_words(predictor, words)]


def _read_words(predictor: Predictor, words: Sequence[str]) -> list[Sample]:
    parts, skipped = read_samples(predictor, words)
    if skipped:
        warnings.warn(f"predict: {skipped} samples could not be read and are left out.", stacklevel=4)
    return [sample for part in parts for sample in part]


def _written(name: str, value: Any) -> str:
    """A value as one types it."""
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    try:
        return json.dumps(value)
    except TypeError:
        rule = f"{name} must be a path, a text, numbers or named values"
        raise TypeError(f"predict: {rule}, got {type(value).__name__}. Put arrays into a Sample.") from None
