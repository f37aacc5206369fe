from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from mmexp.deploy.quantization.dynamic import quantize  # noqa: E402


def test_products_are_computed_in_int8_and_other_weights_are_stored_in_it(tmp_path):
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Gather", ["table", "x"], ["found"]),
        helper.make_node("MatMul", ["found", "w"], ["y"]),
    ]
    shapes = [
        helper.make_tensor_value_info("x", onnx.TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("y", number, ["batch", 32]),
    ]
    stored = [onnx.numpy_helper.from_array(np.ones((32, 32), np.float32), name) for name in ("table", "w")]
    graph = helper.make_graph(nodes, "g", shapes[:1], shapes[1:], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "a.onnx")
    quantize(tmp_path / "a.onnx", tmp_path / "b.onnx", constants=[])
    kinds = [node.op_type for node in onnx.load(tmp_path / "b.onnx").graph.node]
    assert "MatMulInteger" in kinds and "MatMul" not in kinds and kinds[:2] == ["Cast", "Mul"]
