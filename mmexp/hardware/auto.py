"""Look at the machine and choose."""

from __future__ import annotations

from pathlib import Path

import torch

from mmexp.hardware.base import Hardware, Precision


class AutoHardware(Hardware):
    """One GPU if there is one, else the CPU; bfloat16 where the chip multiplies it natively.

    Args:
        precision: Lightning's name of the number format; None for the one that the chip multiplies fastest.
        num_workers: Loader processes; below 0, none on a CPU and up to eight with a GPU.
    """

    def __init__(self, *, precision: Precision | None = None, num_workers: int = -1) -> None:
        gpu = torch.cuda.is_available()
        if num_workers < 0:
            num_workers = min(8, torch.get_num_threads()) if gpu else 0
        super().__init__(
            accelerator="gpu" if gpu else "cpu", precision=precision or _precision(gpu), num_workers=num_workers
        )


def _precision(gpu: bool) -> Precision:
    native = torch.cuda.is_bf16_supported(including_emulation=False) if gpu else _cpu_has_bfloat16()
    return "bf16-mixed" if native else "32-true"


def _cpu_has_bfloat16() -> bool:
    """Whether the processor has AMX or AVX512 instructions for bfloat16."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text().split() if info.exists() else []
    return "avx512_bf16" in flags or "amx_bf16" in flags
