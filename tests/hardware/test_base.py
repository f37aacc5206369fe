from __future__ import annotations

import pytest
import torch

from mmexp.error import ConfigError
from mmexp.hardware.base import Hardware


def test_it_is_one_cpu_process_by_default():
    hardware = Hardware()
    assert (hardware.accelerator, hardware.devices, hardware.precision, hardware.num_workers) == (
        "cpu",
        1,
        "32-true",
        0,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accelerator": "tpu"}, "accelerator must be cpu or gpu, got 'tpu'"),
        ({"devices": 0}, "devices must be at least 1, got 0"),
        ({"num_workers": -1}, "num_workers must be at least 0, got -1"),
    ],
)
def test_impossible_settings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"Hardware: {message}"):
        Hardware(**arguments)


def test_gpus_that_are_not_there_are_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    Hardware(accelerator="gpu", devices=2).refuse_missing()
    Hardware(devices=3).refuse_missing()
    with pytest.raises(ConfigError, match=r"must be at most 2 with hardware\.accelerator=gpu .*, got 3") as raised:
        Hardware(accelerator="gpu", devices=3).refuse_missing()
    assert "hardware=cpu" in raised.value.hint


def test_what_it_computes_on_is_described_with_the_number_of_threads_of_a_cpu():
    found = Hardware(precision="bf16-mixed").describe()
    threads = {"threads": torch.get_num_threads()}
    assert found == {"accelerator": "cpu", "devices": 1, "precision": "bf16-mixed", **threads}


def test_a_gpu_is_described_by_its_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H200")
    assert Hardware(accelerator="gpu").describe()["device"] == "H200"
