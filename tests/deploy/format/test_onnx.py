from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.deploy.format import onnx
from mmexp.error import ConfigError


class Doubled(nn.Module):
    def forward(self, one, unused):
        return {"doubled": one * 2}


def test_a_graph_is_written_with_its_names_and_run_without_what_nothing_depends_on(tmp_path):
    pytest.importorskip("onnxscript")
    program = torch.export.export(Doubled(), (torch.ones(2), torch.ones(2)))
    onnx.save(program, tmp_path / "model.onnx", ["text.values", "text.mask"], ["doubled"])
    assert b"test_onnx.py" not in (tmp_path / "model.onnx").read_bytes()
    session = onnx.start(tmp_path / "model.onnx")
    assert session.get_inputs()[0].name == "text.values" and session.get_outputs()[0].name == "doubled"
    got = onnx.load(tmp_path / "model.onnx", ["text.values", "text.mask"], ["doubled"])(torch.ones(2), torch.ones(2))
    assert got["doubled"].tolist() == [2, 2]


def test_what_lacks_is_named_with_what_to_type(monkeypatch):
    monkeypatch.setattr(onnx, "PACKAGES", ("onnx", "not_there_at_all"))
    with pytest.raises(ConfigError, match="package must be installed, got no 'not_there_at_all'") as caught:
        onnx.refuse_without_packages()
    assert caught.value.hint == "Run: pip install onnx not_there_at_all"
