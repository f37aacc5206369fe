from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mmexp.corruption
from mmexp.contract import Waveform
from mmexp.corruption.catalogue import corruptions

VALUES = {
    "image": np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8),
    "video": np.random.default_rng(1).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8),
    "audio": Waveform((np.sin(np.arange(4000) * 0.3) * 0.5).astype(np.float32), 8000),
    "text": "a small red ball lies left of the large blue box on the table",
    "vector": np.random.default_rng(2).normal(size=12).astype(np.float32),
    "words": ["a", "small", "red", "ball", "lies", "left", "of", "the", "large", "blue", "box"],
    "tabular": {f"column{i}": float(i) if i % 2 else f"name{i}" for i in range(10)},
}
KINDS = sorted(
    path.name for path in Path(mmexp.corruption.__file__).parent.iterdir() if (path / "__init__.py").exists()
)
ALL = [(kind, name) for kind in KINDS for name in corruptions(kind)]


def plain(value: object) -> object:
    return value.samples.tolist() if isinstance(value, Waveform) else np.asarray(value).tolist()


def test_each_kind_with_a_folder_is_tried():
    assert set(VALUES) == set(KINDS) and all(corruptions(kind) for kind in KINDS)
    assert corruptions("smell") == {}


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_corruption_has_five_severities_and_keeps_the_form_and_the_given_value(kind: str, name: str):
    one, value = corruptions(kind)[name], VALUES[kind]
    before = plain(value)
    assert len(one.levels) == 5
    for level in one.levels:
        found = one(value, level, "s1", 0)
        assert type(found) is type(value) and plain(value) == before
        if isinstance(value, np.ndarray):
            assert found.dtype == value.dtype and found.shape[-2:] == value.shape[-2:]
        if isinstance(value, Waveform):
            assert found.samples.dtype == np.float32 and np.abs(found.samples).max() <= 1 and found.rate == value.rate
    assert plain(one(value, one.levels[-1], "s1", 0)) != before


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_corruption_depends_on_sample_severity_and_seed_alone(kind: str, name: str):
    one, value = corruptions(kind)[name], VALUES[kind]
    for level in one.levels:
        np.random.seed(int(level))
        assert plain(one(value, level, "s1", 0)) == plain(one(value, level, "s1", 0))
