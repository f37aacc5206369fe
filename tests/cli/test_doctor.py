from __future__ import annotations

import importlib.metadata
import json
import subprocess

import pytest

from mmexp.cli import doctor, main
from mmexp.run import packages


def healthy(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    known = dict.fromkeys(packages.CORE, "1.0") | {"torchvision": "0.24.0", "torch": "2.9.0"} | versions
    monkeypatch.setattr(packages, "installed", lambda: known)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch (==2.9.0)", "torch-x ; extra"])


def test_a_healthy_installation_has_no_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy(monkeypatch)
    assert main(["doctor", "--fast"]) == 0
    out = capsys.readouterr().out
    for text in (
        "mmexp ",
        "python ",
        "torch             2.9.0",
        "cpu ",
        "memory ",
        "disk ",
        "conf ",
        "problem           none",
    ):
        assert text in out


def test_json_holds_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    healthy(monkeypatch)
    assert main(["doctor", "--fast", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["torch"] == "2.9.0"
    assert report["problems"] == []


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        ({"torch": "2.9.0+cpu"}, "build must be the same as torchvision's"),
        ({"torch": "2.8.0"}, "version must be ==2.9.0 for torchvision 0.24.0, got 2.8.0"),
    ],
)
def test_a_torch_that_does_not_fit_torchvision_is_named_with_the_remedy(
    versions: dict[str, str], problem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy(monkeypatch, **versions)
    assert main(["doctor", "--fast"]) == 2
    out = capsys.readouterr().out
    assert problem in out
    assert "pip install --force-reinstall torch torchvision" in out


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(packages, "installed", dict)
    assert main(["doctor"]) == 2
    assert "torch: package must be installed, got none. Run: pip install torch" in capsys.readouterr().out


def test_torch_is_imported_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy(monkeypatch)
    monkeypatch.setattr(doctor, "_PROBE", 'print(\'["cpu", "cuda:0 Fast, 80 GiB"]\')')
    assert main(["doctor"]) == 0
    assert "cpu, cuda:0 Fast, 80 GiB" in capsys.readouterr().out


def test_an_import_that_fails_is_a_problem_with_its_last_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy(monkeypatch)
    monkeypatch.setattr(doctor, "_PROBE", "raise RuntimeError('operator torchvision::nms does not exist')")
    assert main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert "torch and torchvision must import, got RuntimeError: operator torchvision::nms does not exist." in out


def test_an_import_that_hangs_is_a_problem(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    healthy(monkeypatch)

    def hang(*args: object, **kwargs: object) -> None:
        raise subprocess.TimeoutExpired("python", 120)

    monkeypatch.setattr(subprocess, "run", hang)
    assert main(["doctor"]) == 2
    assert "must import, got no answer for 120 s" in capsys.readouterr().out
