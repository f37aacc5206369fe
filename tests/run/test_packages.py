from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.run.packages import broken_import, installed, torch_problem


def test_versions_agree_with_the_metadata_of_the_packages() -> None:
    found = installed()
    for name in ("numpy", "pytest", "hydra-core", "pytorch-lightning"):
        assert found[name] == importlib.metadata.version(name)


def test_the_first_folder_on_the_path_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, version in (("a", "1.0"), ("b", "2.0")):
        (tmp_path / folder / f"Some_Thing-{version}.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b"), "/nowhere"])
    assert installed() == {"some-thing": "1.0"}


@pytest.mark.parametrize(
    ("torch", "vision", "needs"),
    [
        ("2.15.0", "0.29.2", ">=2.14.0"),
        ("2.9.0+cpu", "0.24.0+cpu", "==2.9.0"),
        ("2.9.0+cu128", "0.24.0+cu128", "==2.9.0"),
        ("2.9.0a0+git1", "0.24.0a0+abc", ""),
        ("2.9", "0.24", "!=2.8.*,>=2.9.0,<3"),
    ],
)
def test_a_pair_has_no_problem(torch: str, vision: str, needs: str) -> None:
    assert torch_problem({"torch": torch, "torchvision": vision}, needs) == ""


def test_one_without_the_other_has_no_problem() -> None:
    assert torch_problem({"torch": "2.9.0+cpu"}, "") == torch_problem({}, "") == ""


@pytest.mark.parametrize(
    ("torch", "vision"), [("2.9.0+cpu", "0.24.0"), ("2.9.0", "0.24.0+cpu"), ("2.9.0+cu126", "0.24.0+cu128")]
)
def test_builds_for_different_devices_are_named_with_the_remedy(torch: str, vision: str) -> None:
    problem = torch_problem({"torch": torch, "torchvision": vision}, "")
    assert "build must be the same as torchvision's (CPU or CUDA), got " in problem
    assert f"torch {torch} with torchvision {vision}" in problem
    assert "pip install --force-reinstall torch torchvision" in problem


@pytest.mark.parametrize("needs", ["==2.9.1", ">=2.10", "<2.9"])
def test_a_version_that_torchvision_was_not_built_for_is_named(needs: str) -> None:
    problem = torch_problem({"torch": "2.9.0", "torchvision": "0.24.1"}, needs)
    assert f"version must be {needs} for torchvision 0.24.1, got 2.9.0" in problem


BROKEN = """
def meta():
    raise RuntimeError("operator torchvision::nms does not exist\\nmore")
meta()
"""


def test_a_package_that_breaks_at_import_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text("from torchvision import ops\n")
    (tmp_path / "torchvision" / "ops.py").write_text(BROKEN)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr("mmexp.cli.list.run", lambda argv: importlib.import_module("torchvision"))
    assert main(["list"]) == 2
    assert capsys.readouterr().err == (
        "mmexp: wrong configuration\n"
        "mmexp: package 'torchvision' must import, got RuntimeError: operator torchvision::nms does not exist\n"
        "Install both from one source. Run: pip install --force-reinstall torch torchvision\n"
    )


def test_an_error_of_another_place_is_no_broken_package() -> None:
    with pytest.raises(ValueError, match="no") as caught:
        raise ValueError("no")
    assert broken_import(caught.value) is None
