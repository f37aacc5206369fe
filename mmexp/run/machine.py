"""Processor and memory of the machine, as the operating system reports them."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_MEMINFO = Path("/proc/meminfo")
_GPUS = Path("/proc/driver/nvidia/gpus")
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def cpu_model() -> str:
    """Name of the processor."""
    for line in _lines(_CPUINFO):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cpu_count() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_flags(*names: str) -> dict[str, bool]:
    """Which of the named instruction sets the processor has."""
    flags: set[str] = set()
    for line in _lines(_CPUINFO):
        if line.startswith("flags"):
            flags = set(line.partition(":")[2].split())
            break
    return {name: name in flags for name in names}


def gpus() -> list[str]:
    """GPUs of Nvidia that this process may use, as CUDA_VISIBLE_DEVICES names them; no library is loaded."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip() not in ("", "-1")]
    return [str(i) for i, _ in enumerate(_GPUS.glob("*"))]


def memory() -> tuple[int, int] | None:
    """Total and available memory in bytes, within the limit of a container; None if the system does not report it."""
    kilobytes = dict(line.split()[:2] for line in _lines(_MEMINFO))
    if not {"MemTotal:", "MemAvailable:"} <= kilobytes.keys():
        return None
    physical, available = (int(kilobytes[key]) * 1024 for key in ("MemTotal:", "MemAvailable:"))
    limits = [int(line) for path in _LIMITS for line in _lines(path)[:1] if line.strip().isdigit()]
    total = min([physical, *limits])
    return total, min(total, available)


def without_home(path: Path) -> str:
    """A path that does not name the user."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []
