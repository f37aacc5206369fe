from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmexp import __version__
from mmexp.cli import _main, main
from mmexp.error import DataError, MmexpError, NumericsError, ResourceError, Stopped
from mmexp.run.folder import RunFolder

MakeRun = Callable[..., RunFolder]
ROOT = Path(__file__).resolve().parents[2]
SLOW = {"torch", "numpy", "hydra", "omegaconf", "pytorch_lightning", "lightning", "transformers", "pandas", "yaml"}


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(argv: list[str]) -> int:
        raise error

    monkeypatch.setattr(_main, "_load", lambda name: SimpleNamespace(HELP="", USAGE="", run=run))


def test_help_shows_every_verb_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    files = [path.stem for path in (ROOT / "mmexp" / "cli").glob("*.py") if not path.stem.startswith("_")]
    assert files
    for verb in files:
        assert f"  {verb:<{max(map(len, files)) + 1}}{_main._load(verb).HELP}\n" in out
    assert main([]) == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize("verb", _main.verbs())
def test_every_verb_has_one_line_of_help_and_its_usage(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    module = _main._load(verb)
    assert "\n" not in module.HELP
    assert len(module.HELP) <= 90
    assert out.startswith(f"{module.HELP}\n\nmmexp {verb}")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mmexp {__version__}\n"


@pytest.mark.parametrize(("typed", "near"), [("lst", "list"), ("compair", "compare")])
def test_an_unknown_verb_brings_the_nearest(typed: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([typed]) == 2
    assert f"verb must be one that exists, got '{typed}'.\nDid you mean '{near}'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MmexpError("m"), 1),
        (DataError("m"), 3),
        (NumericsError("m"), 4),
        (ResourceError("m"), 5),
        (Stopped("m"), 143),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_fault_has_its_exit_code_and_no_traceback(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, error)
    assert main(["list"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err


def test_any_other_error_is_a_traceback_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, RuntimeError("password='hunter2'"))
    assert main(["list"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "hunter2" not in err


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, ModuleNotFoundError("No module named 'timm.x'", name="timm.x"))
    assert main(["list"]) == 2
    assert "package must be installed, got no 'timm.x'." in capsys.readouterr().err


def test_a_missing_module_of_our_own_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, ModuleNotFoundError("No module named 'mmexp.x'", name="mmexp.x"))
    assert main(["list"]) == 1


def test_a_broken_pipe_of_our_own_is_no_quiet_end(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, BrokenPipeError("worker"))
    monkeypatch.setattr(_main, "_reader_left", lambda: False)
    assert main(["list"]) == 1
    assert "BrokenPipeError" in capfd.readouterr().err


def test_a_reader_that_leaves_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "mmexp", "show", "fusion=gated"],
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        timeout=60,
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["train", "--help"],
        ["list"],
        ["list", "fusion"],
        ["list", "runs"],
        ["show", "optimizer=adamw"],
        ["compare"],
        ["watch", "--once"],
        ["why", "last", "last"],
        ["report"],
        ["baselines", "--help"],
    ],
)
def test_no_slow_library_is_imported(make_run: MakeRun, argv: list[str]) -> None:
    make_run()
    code = (
        "import json, sys; from mmexp.cli import main; main(json.loads(sys.argv[1]))\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(argv)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert SLOW.isdisjoint(json.loads(done.stderr.splitlines()[-1]))
