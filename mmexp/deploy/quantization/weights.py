"""Weights alone in int8, with a scale for each output; what is computed with them is float32."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 256
"""Numbers of a weight that is worth a scale; smaller ones stay as they are."""


def quantize(source: Path, target: Path, constants: Collection[str]) -> None:
    """Write a graph whose weights, but not its constants, are stored as ``int8 * scale``, symmetric around 0.

    They become float32 by a cast and a product, which a runtime computes once, as it loads the graph. DequantizeLinear
    says the same, but ONNX Runtime 1.32 fuses it with a matrix product into MatMulNBits, which rounds to int8 what the
    matrix is multiplied with.
    """
    model = onnx.load(source)
    kept, added = [], []
    for weight in model.graph.initializer:
        is_small = weight.data_type != TensorProto.FLOAT or len(weight.dims) < 2 or np.prod(weight.dims) < SMALLEST
        if is_small or weight.name in constants:
            kept.append(weight)
            continue
        axis = output_axis(model.graph, weight.name)
        kept += in_int8(weight.name, numpy_helper.to_array(weight), axis)
        whole, scale, cast = (f"{weight.name}.{part}" for part in ("int8", "scale", "float"))
        added += [
            helper.make_node("Cast", [whole], [cast], name=cast, to=TensorProto.FLOAT),
            helper.make_node("Mul", [cast, scale], [weight.name], name=weight.name),
        ]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*added, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, target)


def output_axis(graph: Any, name: str) -> int:
    """Return the dimension of a weight that numbers the outputs: the last one of a matrix on the right of a product."""
    return 1 if any(node.op_type == "MatMul" and node.input[1] == name for node in graph.node) else 0


def in_int8(name: str, values: np.ndarray, axis: int) -> Iterator[Any]:
    """Yield the int8 values of a weight, and their scales along an axis, of size 1 along all others."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(others, keepdims=True), np.finfo(np.float32).tiny) / 127
    rounded = np.clip(np.round(values / scale), -127, 127).astype(np.int8)
    yield numpy_helper.from_array(rounded, f"{name}.int8")
    yield numpy_helper.from_array(scale.astype(np.float32), f"{name}.scale")
