from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torchmetrics

from mmexp.config.static import derives, find_class, is_module, names_in


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy_locate").mkdir()
    files = {
        "__init__": "from .a import *\nfrom . import b as c\nraise RuntimeError('imported')\n",
        "a": "try:\n    from .b import Base as Alias\nexcept ImportError:\n    Alias = None\nOther = Alias\n",
        "b": (
            "import torch.nn as n\nfrom torch import nn\n\nclass Base(nn.Module): ...\nclass Self(Self): ...\n"
            "class Deep(n.Linear, Base): ...\nclass Odd(make()): ...\nclass Bound(Base[int]): ...\n"
        ),
    }
    for name, text in files.items():
        (tmp_path / f"toy_locate/{name}.py").write_text(text)
    return tmp_path


def test_a_class_is_found_where_it_is_defined_whatever_it_is_called_by(package: Path) -> None:
    found = {find_class(f"toy_locate.{name}") for name in ("b.Base", "a.Alias", "a.Other", "Alias")}
    assert len(found) == 1
    assert "toy_locate" not in sys.modules


@pytest.mark.parametrize("name", ["AdamW", "SGD", "LBFGS"])
def test_a_class_of_torch_is_found_as_python_finds_it(name: str) -> None:
    cls = getattr(torch.optim, name)
    found = find_class(f"torch.optim.{name}")
    assert found is not None
    assert found.name == f"{cls.__module__}.{cls.__qualname__}"
    assert derives(found, "torch.optim.Optimizer") is issubclass(cls, torch.optim.Optimizer)
    assert derives(found, "torch.nn.Module") is issubclass(cls, torch.nn.Module)


def test_bases_are_followed_through_modules(package: Path) -> None:
    for name, base, expected in [
        ("toy_locate.b.Deep", "toy_locate.b.Base", True),
        ("toy_locate.b.Deep", "torch.nn.Linear", True),
        ("toy_locate.b.Bound", "torch.nn.Module", True),
        ("toy_locate.b.Base", "torch.nn.Linear", False),
        ("toy_locate.b.Odd", "torch.nn.Module", None),
        ("toy_locate.b.Self", "torch.nn.Module", None),
        ("toy_locate.b.Base", "toy_locate.b.Gone", None),
    ]:
        found = find_class(name)
        assert found is not None
        assert derives(found, base) is expected, name


def test_metrics_are_modules() -> None:
    found = find_class("torchmetrics.classification.MulticlassAccuracy")
    assert found is not None
    assert derives(found, "torch.nn.Module") is issubclass(
        torchmetrics.classification.MulticlassAccuracy, torch.nn.Module
    )


@pytest.mark.parametrize(
    "name", ["torch.hub.load", "torch.nn.Lniear", "toy.gone.X", "X", "", "mmexp./etc/passwd.X", "mmexp..X", "os.path"]
)
def test_what_is_no_class_is_not_found(name: str) -> None:
    found = find_class(name)
    assert found is None or found.node is None


def test_names_are_listed_to_suggest_from(package: Path) -> None:
    assert {"Base", "Deep"} <= set(names_in("toy_locate.b"))
    assert names_in("toy_locate.gone") == []
    assert is_module("toy_locate.a")
    assert not is_module("toy_locate.gone")


def test_torch_is_not_imported() -> None:
    code = (
        "import sys; from mmexp.config.static import find_class; "
        "assert find_class('torch.optim.AdamW'); print('torch' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
