from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmexp.config.description import describe


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that raises when imported: a re-exported class whose constructor is that of its base."""
    folder = tmp_path / "toy_described"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError\nfrom .inner import Leaf as Renamed\n")
    (folder / "inner" / "__init__.py").write_text("from ..leaf import Leaf\n")
    (folder / "leaf.py").write_text(
        "from toy_described.base import Base\n\nclass Leaf(Base):\n    '''A leaf.\n\n    More.\n    '''\n\n"
        "def make(a): ...\n"
    )
    (folder / "base.py").write_text(
        "from dataclasses import dataclass\n\n"
        "class Base:\n    '''A base.\\n\\n    Args:\\n        dim: Width.\\n    '''\n\n"
        "    def __init__(self, *, dim: int, rate: float = 0.5, rest=None) -> None: ...\n\n"
        "@dataclass\nclass Fields:\n    width: int\n    depth: int = 2\n"
    )
    (folder / "wrong.py").write_text("class (:\n")
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_class_is_described_where_it_is_defined(package: Path) -> None:
    for target in ("toy_described.Renamed", "toy_described.inner.Leaf", "toy_described.leaf.Leaf"):
        found = describe(target)
        assert found is not None
        assert (found.name, found.path.resolve(), found.line) == ("Leaf", (package / "leaf.py").resolve(), 3)
    assert "toy_described" not in sys.modules


@pytest.mark.usefixtures("package")
def test_the_docstring_takes_the_arguments_of_the_base_whose_constructor_it_has() -> None:
    found = describe("toy_described.leaf.Leaf")
    assert found is not None
    assert found.doc == "A leaf.\n\nMore.\n\nArgs:\n    dim: Width."


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("leaf.Leaf", ("dim: int", "rate: float = 0.5", "rest = None")),
        ("base.Fields", ("width: int", "depth: int = 2")),
    ],
)
def test_the_parameters_are_those_of_the_nearest_constructor_or_the_fields(
    name: str, parameters: tuple[str, ...]
) -> None:
    found = describe(f"toy_described.{name}")
    assert found is not None
    assert found.parameters == parameters


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    "target",
    ["toy_described.leaf.make", "toy_described.leaf.Nope", "toy_described.wrong.X", "no.such.Y", "Bare", "sys.path"],
)
def test_what_is_no_class_in_source_has_no_description(target: str) -> None:
    assert describe(target) is None
