"""The wheel: it carries conf/, and works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from mmexp import __version__

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built offline."""
    pytest.importorskip("hatchling", reason="hatchling must be installed to build a wheel offline")
    if not (ROOT / "README.md").exists():
        pytest.skip("README.md is not there, and the metadata reads it")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--wheel-dir"]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as an installation lays it out."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def mmexp(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the unpacked package from another folder; the environment's own packages stay reachable."""
    env = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "mmexp", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=cwd, env=env)


def test_every_yaml_and_module_is_in_it_and_nothing_else(installed: Path):
    conf = {f"mmexp/conf/{path.relative_to(ROOT / 'conf')}" for path in (ROOT / "conf").rglob("*.yaml")}
    code = {str(path.relative_to(ROOT)) for kind in ("py", "css", "js") for path in (ROOT / "mmexp").rglob(f"*.{kind}")}
    there = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert {name for name in there if ".dist-info/" not in name} == conf | code | {"mmexp/py.typed"}


def test_it_names_its_command_version_and_licence(installed: Path):
    (info,) = installed.glob("*.dist-info")
    assert "mmexp = mmexp.cli:main" in (info / "entry_points.txt").read_text()
    said = HeaderParser().parsestr((info / "METADATA").read_text())
    assert said["Version"] == __version__ and said["License-Expression"] == "Apache-2.0"
    assert (info / "licenses/LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_an_unpacked_wheel_finds_its_own_conf(installed: Path, tmp_path: Path):
    listed = mmexp(installed, tmp_path, "list", "fusion")
    assert listed.returncode == 0, listed.stderr
    assert [p.stem for p in sorted((ROOT / "conf/fusion").glob("*.yaml")) if p.stem not in listed.stdout] == []
    shown = mmexp(installed, tmp_path, "show", "fusion=concat")
    assert str(installed / "mmexp/conf/fusion/concat.yaml") in shown.stdout
    checked = mmexp(installed, tmp_path, "check", "task=captioning", "fusion=attention")
    assert checked.returncode == 0 and checked.stdout.startswith("OK: captioning-attention"), checked.stderr
    assert list(tmp_path.iterdir()) == []
