from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from mmexp.deploy.quantization import quantize_graph  # noqa: E402
from mmexp.deploy.quantization.weights import in_int8, output_axis  # noqa: E402
from mmexp.error import ConfigError  # noqa: E402

RNG = np.random.default_rng(0)


@pytest.fixture
def matrix(tmp_path):
    """A product with a matrix whose columns are of very different size, and a short bias."""
    weight = (RNG.normal(size=(64, 32)) * 10.0 ** RNG.uniform(-3, 1, 32)).astype(np.float32)
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [helper.make_node("MatMul", ["x", "w"], ["xw"]), helper.make_node("Add", ["xw", "b"], ["y"])]
    shapes = [helper.make_tensor_value_info(name, number, ["batch", size]) for name, size in (("x", 64), ("y", 32))]
    stored = [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(np.ones(32, np.float32), "b")]
    graph = helper.make_graph(nodes, "g", shapes[:1], shapes[1:], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "a.onnx")
    return tmp_path / "a.onnx", weight


def answer(path, x):
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


@pytest.mark.parametrize(("mode", "most"), [("weights", 0.1), ("dynamic", 0.2)])
def test_int8_is_a_third_of_the_size_and_close_in_every_output(matrix, tmp_path, mode, most):
    source, weight = matrix
    quantize_graph(mode, source, tmp_path / "b.onnx")
    assert (tmp_path / "b.onnx").stat().st_size < 0.4 * source.stat().st_size
    x = RNG.normal(size=(5, 64)).astype(np.float32)
    wanted, got = answer(source, x) - 1, answer(tmp_path / "b.onnx", x) - 1
    assert (np.abs(got - wanted).max(0) <= most * np.abs(weight).max(0)).all()
    assert not np.array_equal(got, wanted)
    assert {path.name for path in tmp_path.iterdir()} == {"a.onnx", "b.onnx"}


@pytest.mark.parametrize("mode", ["weights", "dynamic"])
def test_what_is_multiplied_with_a_constant_stays_as_it_is(matrix, tmp_path, mode):
    source, _ = matrix
    quantize_graph(mode, source, tmp_path / "b.onnx", ["w"])
    x = (10.0 ** RNG.uniform(-6, 6, (5, 64))).astype(np.float32)  # as far apart as the powers of a spectrum
    assert np.array_equal(answer(source, x), answer(tmp_path / "b.onnx", x))


def test_no_operation_is_left_that_a_runtime_may_fuse_with_the_product(matrix, tmp_path):
    source, _ = matrix
    quantize_graph("weights", source, tmp_path / "b.onnx")
    assert [node.op_type for node in onnx.load(tmp_path / "b.onnx").graph.node] == ["Cast", "Mul", "MatMul", "Add"]


def test_a_weight_of_zeros_stays_zero():
    values, scale = map(onnx.numpy_helper.to_array, in_int8("w", np.zeros((4, 2), np.float32), 0))
    assert values.dtype == np.int8 and not values.any() and scale.shape == (4, 1) and (scale > 0).all()


def test_outputs_are_the_columns_of_a_matrix_and_the_rows_of_all_else():
    graph = onnx.helper.make_graph([onnx.helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [], [])
    assert (output_axis(graph, "w"), output_axis(graph, "v")) == (1, 0)


def test_an_unknown_mode_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="--mode must be one of dynamic, weights, got 'int4'"):
        quantize_graph("int4", tmp_path, tmp_path)
