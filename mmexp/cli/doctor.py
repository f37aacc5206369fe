"""``mmexp doctor``: what a bug report needs, and what is wrong with the installation."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

HELP = "Check the installation and the machine, ready to paste into a bug report."
USAGE = """
mmexp doctor [--json] [--fast]

  --json            the same as JSON
  --fast            do not try to import torch
"""
_PATIENCE = 120  # seconds
_PROBE = """
import importlib.util, json, torch
cuda = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
found = [f"cuda:{i} {p.name}, {p.total_memory / 2**30:.0f} GiB" for i, p in enumerate(cuda)]
if importlib.util.find_spec("torchvision"):
    import torchvision
found += ["mps"] * torch.backends.mps.is_available()
print(json.dumps(["cpu", *found]))
"""


def run(argv: list[str]) -> int:
    """Print the report; 2 if something has to be fixed."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("doctor")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--fast", action="store_true")
    given = arguments.read(argv)
    report, problems = examine(fast=given.fast)
    if given.json:
        print(json.dumps({**report, "problems": problems}, indent=2))
    else:
        for key, value in report.items():
            print(f"{key:<18}{', '.join(value) if isinstance(value, list) else value}")
        for problem in problems or ["none"]:
            print(f"{'problem':<18}{problem}")
    return 2 if problems else 0


def examine(*, fast: bool) -> tuple[dict[str, Any], list[str]]:
    """Look at packages, machine and folders.

    Args:
        fast: Whether to leave out the import of torch, which takes seconds.

    Returns:
        Findings by name, and what has to be fixed.
    """
    from mmexp.run.packages import CORE, OPTIONAL, installed

    versions = installed()
    missing = [name for name in CORE if name not in versions]
    problems = [f"{name}: package must be installed, got none. Run: pip install {name}" for name in missing]
    problems += filter(None, [_pair(versions)])
    report: dict[str, Any] = _software(versions, CORE + OPTIONAL) | _hardware()
    if not fast and "torch" in versions:
        report["devices"], problem = _devices()
        problems += [problem] if problem and not problems else []
    return report, problems


def _pair(versions: dict[str, str]) -> str:
    from importlib.metadata import requires

    from mmexp.run.packages import torch_problem

    declared = requires("torchvision") or [] if "torchvision" in versions else []
    needs = [line.removeprefix("torch").strip(" ()") for line in declared if line.removeprefix("torch")[:1] in "=<>! ("]
    return torch_problem(versions, needs[0] if needs else "")


def _software(versions: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    import platform

    from mmexp import __version__
    from mmexp.config.search_path import conf_path
    from mmexp.error import ConfigError
    from mmexp.run.machine import without_home

    try:
        conf = without_home(conf_path())
    except ConfigError as error:
        conf = str(error)
    start = {"mmexp": __version__, "python": platform.python_version(), "platform": platform.platform(), "conf": conf}
    return start | {name: versions.get(name, "not installed") for name in names}


def _hardware() -> dict[str, str]:
    import shutil

    from mmexp.run.machine import cpu_count, cpu_flags, cpu_model, memory

    flags = [name for name, there in cpu_flags("avx2", "avx512f", "avx512_bf16", "amx_bf16").items() if there]
    sizes = memory()
    return {
        "cpu": f"{cpu_model()}, {cpu_count()} cores",
        "cpu flags": " ".join(flags) or "none of avx2 avx512f avx512_bf16 amx_bf16",
        "memory": f"{_gib(sizes[0])}, {_gib(sizes[1])} available" if sizes else "unknown",
        "disk": f"{_gib(shutil.disk_usage('.').free)} free here",
    }


def _devices() -> tuple[list[str], str]:
    """Import torch and torchvision in a process of their own; return the devices and what went wrong."""
    from mmexp.run.packages import REINSTALL

    try:
        probe = subprocess.run(
            [sys.executable, "-P", "-c", _PROBE], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        if probe.returncode == 0:
            return list(json.loads(probe.stdout.splitlines()[-1])), ""
        said = (probe.stderr.strip().splitlines() or [f"exit code {probe.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        said = f"no answer for {_PATIENCE} s"
    return [], f"torch: torch and torchvision must import, got {said}. {REINSTALL}"


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
