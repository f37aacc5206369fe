"""The public face: lazy at run time, plain imports to mypy and editors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

import mmexp

HEAVY = ("torch", "hydra", "omegaconf", "pytorch_lightning", "transformers", "numpy")
NAMES = [
    "Augment",
    "Batch",
    "Encoder",
    "Fusion",
    "Kind",
    "Launcher",
    "Logger",
    "Method",
    "Missing",
    "MultimodalDataset",
    "Outputs",
    "Padded",
    "Pool",
    "Run",
    "Sample",
    "Sampler",
    "Search",
    "Task",
    "Tokens",
    "Transform",
    "Waveform",
    "compare",
    "evaluate",
    "fuse",
    "load_run",
    "predict",
    "train",
]


def loaded(code: str, libraries: Sequence[str] = HEAVY) -> str:
    """Run code in a new interpreter and return which of the libraries it has loaded."""
    said = f"{code}\nimport sys\nprint(*sorted(set(sys.modules).intersection({tuple(libraries)})))"
    return subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("name", NAMES)
def test_it_offers(name: str):
    assert name in mmexp.__all__ and name in dir(mmexp) and getattr(mmexp, name) is not None


def test_every_public_name_is_there():
    assert [name for name in mmexp.__all__ if not hasattr(mmexp, name)] == []


def test_importing_it_and_asking_what_it_offers_loads_no_library():
    assert loaded("import mmexp; dir(mmexp); mmexp.__version__; hasattr(mmexp, 'absent')") == ""


def test_comparing_runs_loads_no_torch():
    assert loaded("import mmexp; mmexp.compare, mmexp.load_run") == ""


def test_a_star_import_gives_the_public_names():
    space: dict[str, object] = {}
    exec("from mmexp import *", space)
    assert set(space) - {"__builtins__"} == set(mmexp.__all__)


def test_a_name_that_it_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'mmexp' has no attribute 'Fussion'"):
        mmexp.Fussion  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'merge' from 'mmexp'"):
        from mmexp import merge  # noqa: F401


def test_a_submodule_is_not_a_public_name():
    from mmexp import cli

    assert cli.__name__ == "mmexp.cli" and "cli" not in mmexp.__all__
