"""Matrices in int8, and what they are multiplied with too, by a scale that is taken from each batch."""

from __future__ import annotations

from pathlib import Path

from onnxruntime.quantization import quantize_dynamic

from mmexp.deploy.quantization import weights

MULTIPLIED = ["MatMul", "Gemm"]
"""Operations that ONNX Runtime computes in int8; of all others the weights alone are quantized."""


def quantize(source: Path, target: Path) -> None:
    """Write a graph whose matrix products are computed in int8.

    Weights have 7 bits, as sums of products overflow on processors without VNNI, and a scale for each output. What they
    are multiplied with has one scale for all samples of a batch: an answer may differ in its last digits with what else
    is in the batch.
    """
    between = target.with_name(f"between-{target.name}")
    quantize_dynamic(source, between, op_types_to_quantize=MULTIPLIED, per_channel=True, reduce_range=True)
    weights.quantize(between, target)
    between.unlink()
