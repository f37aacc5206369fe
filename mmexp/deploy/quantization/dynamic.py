"""Matrices in int8, and what they are multiplied with too, by a scale that is taken from each batch."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import onnx
from onnxruntime.quantization import quantize_dynamic

from mmexp.deploy.quantization import weights

MULTIPLIED = ["MatMul", "Gemm"]
"""Operations that ONNX Runtime computes in int8; of all others the weights alone are quantized."""


def quantize(source: Path, target: Path, constants: Collection[str]) -> None:
    """Write a graph whose matrix products are computed in int8, but those with constants.

    Weights have 7 bits, as sums of products overflow on processors without VNNI, and a scale for each output. What they
    are multiplied with has one scale for all samples of a batch: an answer may differ in its last digits with what else
    is in the batch.
    """
    between = target.with_name(f"between-{target.name}")
    nodes = onnx.load(source, load_external_data=False).graph.node
    quantize_dynamic(
        source,
        between,
        op_types_to_quantize=MULTIPLIED,
        nodes_to_exclude=[node.name for node in nodes if set(node.input).intersection(constants)],
        per_channel=True,
        reduce_range=True,
    )
    weights.quantize(between, target, constants)
    between.unlink()
