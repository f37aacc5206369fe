from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmexp.hardware.auto import AutoHardware


@pytest.fixture
def machine(monkeypatch):
    def pretend(gpu: bool, flags: str | None, native: bool = False) -> None:
        """A machine with or without a GPU and /proc/cpuinfo, whose GPU multiplies bfloat16 natively or not."""
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation=True: native or including_emulation
        )
        monkeypatch.setattr(torch, "get_num_threads", lambda: 20)
        monkeypatch.setattr(Path, "exists", lambda path: flags is not None)
        monkeypatch.setattr(Path, "read_text", lambda path: flags)

    return pretend


@pytest.mark.parametrize(
    ("flags", "precision"),
    [("flags : avx2 amx_bf16 fma", "bf16-mixed"), ("flags : avx512_bf16", "bf16-mixed"), ("flags : avx2", "32-true"),
     (None, "32-true")],
)  # fmt: skip
def test_a_cpu_multiplies_bfloat16_only_where_it_has_the_instructions(machine, flags, precision):
    machine(gpu=False, flags=flags)
    hardware = AutoHardware()
    assert (hardware.accelerator, hardware.precision, hardware.num_workers) == ("cpu", precision, 0)


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16-mixed"), (False, "32-true")])
def test_one_gpu_is_taken_if_there_is_one(machine, native, precision):
    machine(gpu=True, flags="amx_bf16", native=native)
    hardware = AutoHardware()
    assert (hardware.accelerator, hardware.devices, hardware.precision) == ("gpu", 1, precision)
    assert hardware.num_workers == 8


def test_the_number_of_workers_may_be_set(machine):
    machine(gpu=True, flags=None)
    assert AutoHardware(num_workers=0).num_workers == 0 and AutoHardware(num_workers=3).num_workers == 3


@pytest.mark.parametrize("gpu", [True, False])
def test_a_precision_that_is_given_stands_whatever_the_machine_prefers(machine, gpu):
    machine(gpu=gpu, flags="amx_bf16", native=True)
    assert AutoHardware().precision == "bf16-mixed" and AutoHardware(precision="32-true").precision == "32-true"
