from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmexp.deploy.format.onnx import PACKAGES, load, refuse_without_packages, start
from mmexp.error import ConfigError


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Doubles one tensor; there is a second one that nothing depends on."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper = onnx.helper
    shapes = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch"]) for name in ("text.values", "doubled")
    ]
    nodes = [helper.make_node("Add", ["text.values", "text.values"], ["doubled"])]
    made = helper.make_graph(nodes, "g", shapes[:1], shapes[1:])
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "a.onnx")
    return tmp_path / "a.onnx"


def test_a_graph_is_run_by_names_without_what_nothing_depends_on(graph: Path) -> None:
    got = load(graph, ["text.values", "text.mask"], ["doubled"])(torch.ones(2), torch.ones(2))
    assert got["doubled"].tolist() == [2, 2]


def test_a_session_takes_as_many_threads_as_torch(graph: Path) -> None:
    options = start(graph).get_session_options()
    assert options.intra_op_num_threads == torch.get_num_threads()


def test_what_lacks_is_named_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexp.deploy.format.onnx.PACKAGES", (*PACKAGES, "not_there_at_all"))
    with pytest.raises(ConfigError, match="package must be installed, got no 'not_there_at_all'") as caught:
        refuse_without_packages()
    assert caught.value.hint == f"Run: pip install {' '.join(PACKAGES)} not_there_at_all"
