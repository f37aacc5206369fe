from __future__ import annotations

import numpy as np
import pytest

from mmexp.deploy.timing import measure, timed
from mmexp.error import MmexpError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture
def graph(tmp_path):
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    shapes = [helper.make_tensor_value_info(name, number, ["batch", 4]) for name in ("x", "y")]
    made = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", shapes[:1], shapes[1:])
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "a.onnx")
    return tmp_path / "a.onnx"


def test_a_graph_is_timed_in_a_process_of_its_own(graph):
    found = timed(graph, {"x": np.ones((1, 4), np.float32), "unused": np.ones(1)}, runs=5)
    assert 0 < found["p50_ms"] <= found["p95_ms"] and 10 < found["memory_mb"] < 400
    assert [path.name for path in graph.parent.iterdir()] == ["a.onnx"]


def test_a_graph_that_does_not_run_is_refused(graph):
    graph.write_bytes(b"none")
    with pytest.raises(MmexpError, match=r"graph must run, got \['.*InvalidProtobuf"):
        timed(graph, {"x": np.ones((1, 4), np.float32)}, runs=1)


def test_inputs_that_hold_anything_but_numbers_are_not_read(graph, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        measure(str(graph), str(tmp_path / "x.npz"), 1, 1)
