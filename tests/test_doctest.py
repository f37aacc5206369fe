"""The examples in docstrings: each runs, and each public name has one."""

from __future__ import annotations

import doctest
import os
import shutil
from importlib import import_module
from pathlib import Path

import pytest

import mmexp

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for path in (ROOT / "mmexp").rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))
TYPES = {"Outputs"}
"""Public names that are only types."""


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs with two runs, of which the last has fusion=gated."""
    folder = tmp_path_factory.mktemp("trained")
    small = ["dim=16", "inputs=[image,text]", "dataset.sizes=[8,4,4]", "dataset.image_size=32", "training.epochs=1"]
    words = [*small, "dataset.cache=null", f"outputs={folder}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        mmexp.train("fusion=gated", *words, quiet=True)
        earlier = mmexp.train("fusion=sum", *words, quiet=True).folder.path
    earlier.rename(earlier.with_name("20200101-000000-0000"))
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder, and a cache, that are gone after the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MMEXP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    return tmp_path


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_the_examples_of_a_module_run(path: Path, elsewhere: Path, request: pytest.FixtureRequest):
    if path.parent.name == "api":
        shutil.copytree(request.getfixturevalue("trained"), elsewhere / "outputs")
    found = doctest.testmod(import_module(module_of(path)))
    assert found.attempted and not found.failed


@pytest.mark.parametrize("name", sorted(set(mmexp.__all__) - TYPES))
def test_a_public_name_has_an_example(name: str):
    assert doctest.DocTestFinder(recurse=False).find(getattr(mmexp, name))[0].examples
