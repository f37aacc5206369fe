from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from mmexp.dataset.manifest import Manifest
from mmexp.error import ConfigError, DataError, MmexpError
from mmexp.inference.predictor import restore
from mmexp.run.checkpoints import hash_path, listed, sha256_of
from mmexp.run.command import override
from mmexp.run.folder import RunFolder


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("trained")).train("training.epochs=1")


@pytest.fixture
def copy(run: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(run.path, tmp_path / run.id)))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_weights_are_those_of_the_best_checkpoint_and_ready_to_answer(run: RunFolder) -> None:
    trained = restore(run)
    saved = torch.load(listed(run.checkpoints, "best")[0], weights_only=True)["state_dict"]
    assert trained.module.state_dict().keys() == saved.keys()
    assert all(torch.equal(value, saved[name]) for name, value in trained.module.state_dict().items())
    assert not any(part.training for part in trained.module.modules())


def test_without_a_best_checkpoint_the_last_one_is_taken(copy: RunFolder) -> None:
    for path in listed(copy.checkpoints, "best"):
        path.unlink()
    (last, *_) = listed(copy.checkpoints, "last")
    saved = torch.load(last, weights_only=True)["state_dict"]
    assert all(torch.equal(value, saved[name]) for name, value in restore(copy).module.state_dict().items())


def test_without_any_checkpoint_it_says_how_to_get_one(copy: RunFolder) -> None:
    shutil.rmtree(copy.checkpoints)
    with pytest.raises(ConfigError, match="must have a checkpoint, got none") as caught:
        restore(copy)
    assert caught.value.hint == f"Run: mmexp train {override('resume', str(copy.path))}"


def test_a_damaged_checkpoint_is_refused(copy: RunFolder) -> None:
    for path in listed(copy.checkpoints, "best"):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[:-1] + b"x")
    with pytest.raises(DataError, match="checkpoint must match the hash stored next to it"):
        restore(copy)


def test_restoring_changes_no_byte_of_the_run(run: RunFolder) -> None:
    before = contents(run.path)
    restore(run)
    assert contents(run.path) == before


@pytest.mark.parametrize(
    "typed",
    [
        "fusion=gated",
        "encoder.image.widths=[4,4]",
        "dim=4",
        "inputs=[image]",
        "seed=1",
        "task.target=x",
        "pool@task.pool=max",
    ],
)
def test_what_would_make_it_another_model_is_refused_by_its_key(run: RunFolder, typed: str) -> None:
    key = typed.rpartition("=")[0].rpartition("@")[2]
    rule = (
        r"key must be in plugins, tokenize, training\.batch_size, task\.beams, task\.length_penalty, dataset, hardware"
    )
    with pytest.raises(ConfigError, match=rf"command line: {rule}, .* got '{key}'"):
        restore(run, [typed])


def test_a_typo_in_what_may_change_is_told_with_the_nearest_name(run: RunFolder) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.rooot must be an argument of Manifest.*Did you mean 'root'"):
        restore(run, ["dataset.rooot=x"])


def test_data_machine_and_batch_size_may_change(run: RunFolder) -> None:
    trained = restore(run, ["hardware=cpu", "training.batch_size=5", "dataset.on_error=skip"])
    assert trained.batch_size == 5
    assert trained.typed == ("training.batch_size", "dataset.on_error", "hardware")


def test_a_machine_that_is_not_here_is_refused(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"hardware\.accelerator must be one that is here, got 'gpu'") as caught:
        restore(run, ["hardware=gpu"])
    assert caught.value.hint == "Add hardware=cpu"


def test_weights_that_do_not_fit_the_facts_are_refused(copy: RunFolder) -> None:
    facts = json.loads(copy.facts.read_text())
    facts["classes"]["label"].append("x")
    copy.facts.write_text(json.dumps(facts))
    with pytest.raises(ConfigError, match=r"weights must fit the model, got '.*' of shape \(\d.*\) instead of \(\d"):
        restore(copy)


def test_published_weights_are_not_fetched_for_an_encoder_that_has_its_own(
    copy: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = OmegaConf.load(copy.config)
    config.encoder.image["_target_"] = "mmexp.encoder.image.timm.TimmEncoder"
    del config.encoder.image["widths"]
    config.encoder.image["pretrained"] = True
    config.encoder.text["vectors"] = "glove.txt"
    OmegaConf.save(config, copy.config)
    given: list[Any] = []
    monkeypatch.setattr(
        "mmexp.training.restored.assemble", lambda root, *_: given.append(root) or torch.nn.Linear(1, 1)
    )
    with pytest.raises(ConfigError, match="weights must fit the model"):
        restore(copy)
    assert sorted(given[0]["encoder"]["image"]) == ["_target_", "dim", "transform"]
    assert "vectors" not in given[0]["encoder"]["text"]


def test_answers_come_in_order_whatever_the_batch_size(run: RunFolder, tiny: Path) -> None:
    samples = Manifest(manifest=str(tiny / "manifest.jsonl")).everything({"image": ["image"], "text": ["text"]})
    rows = [list(restore(run, [f"training.batch_size={size}"]).predict(samples)) for size in (1, 24)]
    assert [row["id"] for row in rows[0]] == [f"s{i}" for i in range(24)]
    for one, other in zip(*rows, strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=1e-6)


def test_half_precision_is_that_of_the_hardware(run: RunFolder, tiny: Path) -> None:
    samples = Manifest(manifest=str(tiny / "manifest.jsonl")).everything({"image": ["image"], "text": ["text"]})
    full, half = (
        [row["score"] for row in restore(run, [f"hardware.precision={name}"]).predict(samples)]
        for name in ("32-true", "bf16-mixed")
    )
    assert full != half
    assert full == pytest.approx(half, abs=0.05)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("target", ["os.system", "subprocess.Popen", "torch.hub.load", "canary.Canary"])
def test_a_run_of_someone_else_executes_nothing_that_its_config_names(
    copy: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """Its own list of plugins does not count: only what is typed does."""
    (tmp_path / "canary.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Canary: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    change(copy.config, "mmexp.fusion.concat.ConcatFusion", target)
    change(copy.config, "plugins: []", "plugins: [canary, os, subprocess, torch]")
    with pytest.raises(ConfigError, match=r"fusion._target_ must lie under one of mmexp, torch.nn"):
        restore(copy)
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_of_someone_else_is_numbers_or_nothing(copy: RunFolder, tmp_path: Path) -> None:
    """Its hash agrees: whoever writes the one writes the other."""

    class Canary:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (str(tmp_path / "ran"), "w")

    for path in listed(copy.checkpoints, "best"):
        path.unlink()
        torch.save({"state_dict": {"x": Canary()}}, path)
        hash_path(path).unlink()
        hash_path(path).write_text(sha256_of(path))
    with pytest.raises(DataError, match="checkpoint must"):
        restore(copy)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["../../secret.json", "/etc/hostname", "a/../../secret.json"])
def test_a_fact_of_someone_else_names_no_file_elsewhere(copy: RunFolder, name: str) -> None:
    (copy.path.parent / "secret.json").write_text("{}")
    change(copy.facts, '"file": "tokenizer.json"', f'"file": "{name}"')
    with pytest.raises(ConfigError, match="file must lie in the run folder"):
        restore(copy)


@pytest.mark.parametrize("dim", ["1000000000000", "-8", "0", "8.5", "1e400", "'x; touch ran'"])
def test_a_size_of_someone_else_is_refused_with_a_reason(copy: RunFolder, dim: str) -> None:
    copy.config.write_text(copy.config.read_text().replace("dim: 8\n", f"dim: {dim}\n"))
    with pytest.raises(MmexpError) as caught:
        restore(copy)
    assert str(caught.value)
