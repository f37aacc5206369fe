from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import torch

from mmexp.error import ConfigError, DataError, ResourceError
from mmexp.run.checkpoints import hash_path, is_intact, sha256_of
from mmexp.training.checkpoint import FORMAT, AtomicCheckpointIO, read_weights, refuse_other_weights, write_weights

DATA = Path(__file__).resolve().parents[1] / "data"
STATE = {
    "optimizer_states": [],
    "lr_schedulers": [],
    "loops": {},
    "global_step": 4,
    "epoch": 1,
    "state_dict": {"weight": torch.arange(1000.0)},
    "callbacks": {"CheckpointCallback": {"best": 0.5}},
    "steps": [1, 2],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints" / "last-epoch01-step000004.ckpt"


def test_what_is_saved_is_loaded_and_hashed(path):
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    assert hash_path(path).read_text() == sha256_of(path) + "\n"
    loaded = AtomicCheckpointIO().load_checkpoint(path)
    assert torch.equal(loaded["state_dict"]["weight"], STATE["state_dict"]["weight"])
    assert (loaded["callbacks"], loaded["steps"]) == (STATE["callbacks"], STATE["steps"])


def test_weights_are_their_running_average_if_there_is_one(path):
    own = {"a": torch.zeros(1), "count": torch.tensor(3)}
    for average, expected in (({}, 0), ({"average": {"a": torch.ones(1)}}, 1)):
        AtomicCheckpointIO().save_checkpoint({"state_dict": own, **average}, path)
        assert read_weights(path) == {"a": expected, "count": 3}


def test_weights_alone_are_written_as_numbers_and_read_only_if_their_hash_agrees(tmp_path):
    shared, path = torch.arange(6.0).view(2, 3), tmp_path / "model.safetensors"
    write_weights({"a": shared, "b": shared.T}, path)
    found = read_weights(path)
    assert torch.equal(found["a"], shared) and torch.equal(found["b"], shared.T)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="must match the hash stored next to it, got another"):
        read_weights(path)
    hash_path(path).write_text(sha256_of(path))
    path.write_bytes(b"none of it")
    hash_path(path).write_text(sha256_of(path))
    with pytest.raises(DataError, match="weights must be a file of safetensors, got"):
        read_weights(path)


def test_a_name_never_stands_without_its_hash(path, monkeypatch):
    replace = os.replace

    def looking(source: Path, target: Path) -> None:
        if Path(target) == path:
            assert hash_path(path).read_text().strip() == sha256_of(Path(source))
        replace(source, target)

    monkeypatch.setattr(os, "replace", looking)
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    assert is_intact(path)


def test_files_reach_the_disk_before_their_names_do(path, monkeypatch):
    done: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        done.append(("sync", kind))
        fsync(handle)

    def renamed(source: Path, target: Path) -> None:
        done.append(("rename", Path(target).suffix))
        replace(source, target)

    path.parent.mkdir()
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    sync, rename = ("sync", "file"), "rename"
    folder = ("sync", "folder")
    assert done == [sync, (rename, ".sha256"), folder, sync, (rename, ".ckpt"), folder]


@pytest.mark.parametrize("harm", ["flip", "cut"])
def test_a_damaged_file_is_refused_by_name(path, harm):
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data if harm == "flip" else data[:-1])
    with pytest.raises(DataError, match=f"{path}: checkpoint must match the hash stored next to it, got another"):
        AtomicCheckpointIO().load_checkpoint(path)


def test_a_checkpoint_of_the_present_format_is_read():
    kept = DATA / "format-1.ckpt"
    assert torch.load(kept, weights_only=True)["format"] == FORMAT == 1
    assert AtomicCheckpointIO().load_checkpoint(kept)["global_step"] == 4
    assert read_weights(kept)["weight"].shape == (2, 3)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ([1, 2], "checkpoint must be a dictionary, got list"),
        ({"weight": torch.ones(1)}, "checkpoint must hold state_dict, .*epoch, got no state_dict, optimizer_states, "),
        ({key: value for key, value in STATE.items() if key != "optimizer_states"}, "got no optimizer_states$"),
        ({**STATE, "format": FORMAT + 1}, f"checkpoint must be of format {FORMAT}, got {FORMAT + 1}"),
        ({**STATE, "format": "x"}, f"checkpoint must be of format {FORMAT}, got x"),
    ],
)
def test_a_checkpoint_of_another_form_is_refused_by_name(path, content, rule):
    path.parent.mkdir()
    torch.save(content, path)
    hash_path(path).write_text(sha256_of(path))
    with pytest.raises(DataError, match=f"{path}: .*{rule.removesuffix('$')}"):
        AtomicCheckpointIO().load_checkpoint(path)


def test_a_file_that_is_no_checkpoint_is_refused(path):
    path.parent.mkdir()
    path.write_bytes(b"PK\x03\x04 not a zip file")
    hash_path(path).write_text(sha256_of(path))
    with pytest.raises(DataError, match=f"{path}: checkpoint must be one that torch has saved, got|plain values"):
        AtomicCheckpointIO().load_checkpoint(path)


@pytest.mark.parametrize(
    ("found", "got"),
    [
        ({"a": torch.ones(2)}, "no 'b'"),
        ({"a": torch.ones(2), "c": torch.ones(1)}, "no 'b' and an unknown 'c'"),
        ({"a": torch.ones(3), "b": torch.ones(1)}, r"'a' of shape \(3,\) instead of \(2,\)"),
    ],
)
def test_weights_of_another_model_are_refused_by_name(found, got):
    own = {"a": torch.ones(2), "b": torch.ones(1)}
    refuse_other_weights(own, own, "last.ckpt")
    with pytest.raises(ConfigError, match=rf"last.ckpt: weights must fit the model, got {got}\."):
        refuse_other_weights(own, found, "last.ckpt")


class Canary:
    def __reduce__(self):
        return open, ("canary", "w")


def test_nothing_in_a_checkpoint_is_executed(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path.parent.mkdir()
    torch.save({"hyper_parameters": Canary()}, path)
    hash_path(path).write_text(sha256_of(path))
    with pytest.raises(DataError, match=f"{path}: checkpoint must hold plain values and tensors only, got"):
        AtomicCheckpointIO().load_checkpoint(path, weights_only=False)
    assert not (tmp_path / "canary").exists()


def test_a_full_disk_leaves_the_previous_state(path, file_limit):
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    before = path.read_bytes()
    rule = rf"{path}: disk of .* must have room for the 5,\d+ bytes of the file, got"
    with pytest.raises(ResourceError, match=rule), file_limit(1000):
        AtomicCheckpointIO().save_checkpoint(STATE, path)
    assert path.read_bytes() == before and is_intact(path)
    assert len(list(path.parent.iterdir())) == 2


def test_a_checkpoint_is_removed_with_its_hash(path):
    AtomicCheckpointIO().save_checkpoint(STATE, path)
    AtomicCheckpointIO().remove_checkpoint(path)
    assert not list(path.parent.iterdir())
