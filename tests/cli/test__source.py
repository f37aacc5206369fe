from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmexp.cli._source import find_component


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that raises when imported: a re-exported class whose constructor is that of its base."""
    folder = tmp_path / "some_package"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError\nfrom .inner import Leaf as Renamed\n")
    (folder / "inner" / "__init__.py").write_text("from ..leaf import Leaf\n")
    (folder / "leaf.py").write_text(
        "from some_package.base import Base\n\nclass Leaf(Base):\n    '''A leaf.\n\n    More.\n    '''\n\n"
        "def make(a, /, b: int = 2, *, c: str = 'x'):\n    '''Make.'''\n"
    )
    (folder / "base.py").write_text(
        "class Base:\n    '''A base.\\n\\n    Args:\\n        dim: Width.\\n    '''\n\n"
        "    def __init__(self, *, dim: int, rate: float = 0.5) -> None: ...\n"
    )
    (folder / "wrong.py").write_text("class (:\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return folder


@pytest.mark.parametrize("target", ["some_package.Renamed", "some_package.inner.Leaf", "some_package.leaf.Leaf"])
def test_a_class_is_found_through_its_re_exports(package: Path, target: str) -> None:
    found = find_component(target)
    assert found is not None
    assert found.doc == "A leaf.\n\nMore.\n\nArgs:\n    dim: Width."
    assert (found.path, found.line) == (package / "leaf.py", 3)


@pytest.mark.usefixtures("package")
def test_the_parameters_are_those_of_the_nearest_constructor() -> None:
    found = find_component("some_package.leaf.Leaf")
    assert found is not None
    assert found.parameters == ("dim: int", "rate: float = 0.5")


@pytest.mark.usefixtures("package")
def test_a_function_is_found_too() -> None:
    found = find_component("some_package.leaf.make")
    assert found is not None
    assert found.parameters == ("a", "b: int = 2", "c: str = 'x'")


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    "target",
    ["some_package.leaf.Nope", "some_package.gone.Leaf", "some_package.wrong.X", "no.such.Y", "Bare", "sys.path"],
)
def test_what_has_no_source_is_not_found(target: str) -> None:
    assert find_component(target) is None
