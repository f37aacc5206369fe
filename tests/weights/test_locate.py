from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.weights.locate import locate


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that raises when it is imported."""
    folder = tmp_path / "site" / "tiny_weights"
    (folder / "model").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "model" / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of a hub that must not be asked."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def test_files_of_a_package_are_found_without_importing_it(package: Path):
    assert locate("pkg:tiny_weights/model").path == package / "model"


@pytest.mark.parametrize(
    ("model", "message", "hint"),
    [
        ("pkg:no_such_weights/model", "'no_such_weights' of .* must be installed", "pip install no-such-weights"),
        ("pkg:tiny_weights/other", "must name a file or folder of the package, which has model", ""),
        ("pkg:tiny_weights/../..", "must name a file or folder of the package", ""),
        ("./nowhere/model", r"must be a path that exists, got './nowhere/model'", ""),
        ("a/b/c", "must be a path that exists, got 'a/b/c'", ""),
        ("weights.safetensors", "must be a path that exists", ""),
    ],
)
def test_what_is_not_there_is_refused_with_how_to_bring_it(package, hub, model, message, hint):
    with pytest.raises(ConfigError, match=message) as error:
        locate(model)
    assert hint in error.value.hint


def test_a_local_folder_is_itself(tmp_path: Path):
    assert locate(str(tmp_path)).path == tmp_path and locate(str(tmp_path)).revision == ""


def test_without_a_network_a_model_that_is_not_in_the_cache_is_refused_at_once(hub: Path):
    with pytest.raises(ConfigError, match=r"no-one/nothing must be in the cache of the hub, .*HF_HUB_OFFLINE") as error:
        locate("no-one/nothing", "v1")
    assert error.value.hint.endswith("where there is a network: hf download no-one/nothing --revision v1")


def test_a_cached_model_is_found_with_its_commit(hub: Path):
    snapshot = hub / "models--some--model" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"")
    refs = hub / "models--some--model" / "refs"
    refs.mkdir()
    (refs / "main").write_text("0" * 40)
    found = locate("some/model")
    assert found.path == snapshot and found.revision == "0" * 40


def test_a_network_that_fails_is_one_line(hub: Path, monkeypatch: pytest.MonkeyPatch):
    def unreachable(model: str, **settings: object) -> str:
        from huggingface_hub.errors import LocalEntryNotFoundError

        raise LocalEntryNotFoundError("no route\nto host")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(ConfigError, match=r"within reach, got: no route to host"):
        locate("some/model")


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="must be a name of a repository, got 'a b'"):
        locate("a b")
