from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmexp.config.compose import compose
from mmexp.config.construct import refused_by_constructors


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["hardware=cpu", "hardware.devices=0"], "hardware.devices=0: Hardware: devices must be at least 1, got 0."),
        (["optimizer.lr=-1"], "optimizer: Invalid learning rate: -1"),
        (
            ["encoder/image=timm", "encoder.image.model=resnet19"],
            "TimmEncoder: model must be one of timm's, got 'resnet19'. Did you mean 'resnet1",
        ),
        (
            ["encoder/image=timm", "encoder.image.model=vit_tiny_patch16_224", "encoder.image.transform.image_size=10"],
            "image_size",
        ),
    ],
)
def test_a_value_that_only_the_constructor_refuses_is_found(words: list[str], problem: str) -> None:
    (found,) = refused_by_constructors(compose(words))
    assert found.startswith("command line: ") and problem in found


def test_what_builds_is_not_refused() -> None:
    words = ["encoder/image=timm", "encoder.image.pretrained=true", "optimizer=sgd", "hardware=auto", "fusion=gated"]
    assert refused_by_constructors(compose(words)) == []


def test_a_file_of_ones_own_is_built_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf/hardware").mkdir(parents=True)
    (tmp_path / "conf/hardware/auto.yaml").write_text("_target_: mmexp.hardware.base.Hardware\nnum_workers: -1\n")
    monkeypatch.chdir(tmp_path)
    (found,) = refused_by_constructors(compose([]))
    assert "num_workers must be at least 0, got -1" in found


def test_torch_is_not_loaded_where_nothing_of_ones_own_needs_it() -> None:
    code = """
import sys
from mmexp.config.compose import compose
from mmexp.config.construct import refused_by_constructors
assert refused_by_constructors(compose(["fusion=gated", "dim=64", "hardware=cpu", "hardware.num_workers=2"])) == []
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
