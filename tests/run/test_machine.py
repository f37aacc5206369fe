from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmexp.run import machine
from mmexp.run.machine import cpu_count, cpu_flags, cpu_model, memory, without_home

CPUINFO = "processor\t: 0\nmodel name\t: Fast One\nflags\t\t: avx2 amx_bf16\nprocessor\t: 1\nflags\t\t: other\n"


def test_the_processor_is_read_from_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")
    assert cpu_model() == "Fast One"
    assert cpu_flags("amx_bf16", "avx512_bf16") == {"amx_bf16": True, "avx512_bf16": False}


def test_a_system_that_tells_nothing_is_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CPUINFO", "_MEMINFO"):
        monkeypatch.setattr(machine, name, tmp_path / "nothing")
    assert cpu_model()
    assert cpu_flags("avx2") == {"avx2": False}
    assert memory() is None


def test_a_container_limits_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 4096 kB\nMemFree: 10 kB\nMemAvailable: 3072 kB\n")
    (tmp_path / "max").write_text("2097152\n")
    monkeypatch.setattr(machine, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "_LIMITS", ())
    assert memory() == (4 * 2**20, 3 * 2**20)
    monkeypatch.setattr(machine, "_LIMITS", (tmp_path / "max", tmp_path / "absent"))
    assert memory() == (2 * 2**20, 2 * 2**20)
    (tmp_path / "max").write_text("max\n")
    assert memory() == (4 * 2**20, 3 * 2**20)


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= cpu_count() <= (os.cpu_count() or 1)


def test_a_path_at_home_does_not_name_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    assert without_home(tmp_path / "ada" / "lab") == "~/lab"
    assert without_home(tmp_path / "lab") == str(tmp_path / "lab")


def test_gpus_are_those_that_the_environment_or_the_driver_names(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_GPUS", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert machine.gpus() == []
    for name in ("0000:1b:00.0", "0000:1c:00.0"):
        (tmp_path / name).mkdir()
    assert machine.gpus() == ["0", "1"]
    for given, found in (("2, 5", ["2", "5"]), ("", []), ("-1", [])):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
        assert machine.gpus() == found
