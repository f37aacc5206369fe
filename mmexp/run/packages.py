"""Which packages are installed, read from their folders without importing any."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Mapping

from mmexp.error import ConfigError

CORE = ("torch", "torchvision", "pytorch-lightning", "torchmetrics", "hydra-core", "omegaconf", "numpy", "pillow")
OPTIONAL = (
    "transformers",
    "tokenizers",
    "timm",
    "safetensors",
    "peft",
    "soundfile",
    "pyarrow",
    "pycocoevalcap",
    "rich",
)
REINSTALL = "Install both from one source. Run: pip install --force-reinstall torch torchvision"
"""What to do where torch and torchvision do not pair."""


def installed() -> dict[str, str]:
    """Version by package name (lower case, dashes), as the first match on ``sys.path`` counts."""
    found: dict[str, str] = {}
    for folder in sys.path:
        if os.path.isdir(folder):
            for entry in sorted(os.listdir(folder)):
                name, dash, version = entry.removesuffix(".dist-info").partition("-")
                if dash and entry.endswith(".dist-info"):
                    found.setdefault(name.replace("_", "-").replace(".", "-").lower(), version)
    return found


def broken_import(error: BaseException) -> ConfigError | None:
    """Return what to say of an error that comes from a package while it is imported; None for any other."""
    known = {name.replace("-", "_") for name in (*CORE, *OPTIONAL)}
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_name == "<module>")
    names = [str(frame.f_globals.get("__name__", "")).partition(".")[0] for frame in frames]
    broken = [name for name in names if name in known][-1:]
    if not broken:
        return None
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    fix = REINSTALL if broken[0].startswith("torch") else f"Run: pip install --force-reinstall {broken[0]}"
    return ConfigError(f"mmexp: package '{broken[0]}' must import, got {reason}", fix)


def torch_problem(versions: Mapping[str, str], needs: str) -> str:
    """Say why torch and torchvision do not pair; empty if they do, or one of them is absent.

    Args:
        versions: What ``installed`` returns.
        needs: The versions of torch that torchvision declares to need: ``==2.9.0``, ``>=2.14``; empty if unknown.
    """
    torch, vision = versions.get("torch", ""), versions.get("torchvision", "")
    if not torch or not vision:
        return ""
    if _build(torch) != _build(vision):
        got = f"torch {torch} with torchvision {vision}"
        return f"torch: build must be the same as torchvision's (CPU or CUDA), got {got}. {REINSTALL}"
    if not _satisfies(torch, needs):
        return f"torch: version must be {needs} for torchvision {vision}, got {torch}. {REINSTALL}"
    return ""


def _build(version: str) -> str:
    """``cpu``, ``cu130``, ``rocm6.4``; empty for the registry's own build or one from source."""
    local = version.partition("+")[2]
    return local if re.match(r"cpu|cu\d|rocm|xpu", local) else ""


def _satisfies(version: str, needs: str) -> bool:
    have = _release(version)
    compare = {
        "==": lambda want: have == want,
        ">=": lambda want: have >= want,
        "<=": lambda want: have <= want,
        "<": lambda want: have < want,
        ">": lambda want: have > want,
        "!=": lambda want: have != want,
    }
    return all(compare[sign](_release(want)) for sign, want in re.findall(r"(==|>=|<=|!=|<|>)\s*([\d.]+)", needs))


def _release(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3]]
    return tuple(parts + [0] * (3 - len(parts)))
