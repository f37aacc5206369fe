from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mmexp.cli import main
from mmexp.error import ConfigError, NumericsError, ResourceError, Stopped
from mmexp.run import provenance as manifest
from mmexp.run.checkpoints import is_intact, listed
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics
from mmexp.task.classification import Classification
from mmexp.training.callback.ema import AVERAGE
from mmexp.training.checkpoint import AtomicCheckpointIO
from mmexp.training.checkpoint_choice import choose_start
from mmexp.training.model import Model
from mmexp.training.module import ExperimentModule
from mmexp.training.trainer import load_weights

RANDOM = [
    "task.dropout=0.3",
    "encoder.image.transform.flip=0.5",
    "encoder.image.transform.crop=0.5",
    "encoder.image.transform.jitter=0.3",
    "training.modality_dropout=0.5",
    "training.ema=0.9",
    "training.patience=3",
]


@pytest.fixture(autouse=True, scope="module")
def undrawn() -> Iterator[None]:
    """Draw no plots: nothing here looks at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmexp.training.trainer.draw", lambda *_: None)
        yield


@pytest.fixture
def at_batch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Do something in the middle of given batches, counted from 1, each once."""
    step = ExperimentModule.training_step

    def arrange(what: Callable[[], Any], *numbers: int) -> None:
        left = list(numbers)

        def patched(self: ExperimentModule, batch: Any, batch_idx: int) -> Any:
            if batch_idx + 1 in left:
                left.remove(batch_idx + 1)
                what()
            return step(self, batch, batch_idx)

        monkeypatch.setattr(ExperimentModule, "training_step", patched)

    return arrange


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def rows(folder: RunFolder) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "time"} for row in read_metrics(folder.metrics)]


def newest(folder: RunFolder) -> dict[str, Any]:
    """All of the newest checkpoint that does not depend on the clock."""
    checkpoint = AtomicCheckpointIO().load_checkpoint(listed(folder.checkpoints, "last")[0])
    checkpoint["callbacks"]["MetricsLogger"].pop("seconds")
    return checkpoint


def same(one: Any, other: Any) -> bool:
    """Whether two checkpoints are equal bit for bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def assert_same_run(one: RunFolder, other: RunFolder) -> None:
    first, second = newest(one), newest(other)
    assert first.keys() == second.keys()
    for key in first:
        assert same(first[key], second[key]), (key, first[key], second[key])
    assert rows(one) == rows(other)
    for split in ("val", "test"):
        assert one.predictions(split).read_text() == other.predictions(split).read_text()
    names = [[listed(run.checkpoints, role)[0].name for role in ("last", "best")] for run in (one, other)]
    assert names[0] == names[1]
    verdicts = [json.loads(run.summary.read_text()) for run in (one, other)]
    for verdict in verdicts:
        verdict.pop("seconds")
        verdict.pop("key")
        verdict["config"].pop("training.checkpoint_every", None)
    assert verdicts[0] == verdicts[1]


def train_and_resume(lab: Any, at_batch: Any, overrides: list[str], stops: tuple[int, ...]) -> RunFolder:
    at_batch(terminate, *stops)
    with pytest.raises(Stopped, match=r"stopped at step \d+, with its state saved"):
        lab.train(*overrides)
    folder = lab.only_run()
    for _ in stops[1:]:
        with pytest.raises(Stopped):
            lab.resume(folder)
        assert manifest.status(folder) == "stopped"
    lab.resume(folder)
    assert manifest.status(folder) == "done"
    return folder


@pytest.fixture(scope="module")
def uninterrupted(tiny: Path, tmp_path_factory: pytest.TempPathFactory, request: Any) -> Callable[..., RunFolder]:
    known: dict[tuple[str, ...], RunFolder] = {}
    make_lab = request.getfixturevalue("make_lab")

    def train(*overrides: str) -> RunFolder:
        if overrides not in known:
            known[overrides] = make_lab(tmp_path_factory.mktemp("uninterrupted")).train(*overrides)
        return known[overrides]

    return train


SOME = [(1,), (4,), (6,), (12,), (5, 6, 7)]
OTHERS = [pytest.param((number,), marks=pytest.mark.slow) for number in (2, 3, 5, 7, 8, 9, 10, 11)]


@pytest.mark.parametrize("stops", [*SOME, *OTHERS])
def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(lab, at_batch, uninterrupted, stops):
    folder = train_and_resume(lab, at_batch, RANDOM, stops)
    assert_same_run(folder, uninterrupted(*RANDOM))


@pytest.mark.parametrize("stops", [(1,), (4,), (3, 6)])
def test_a_stop_while_gradients_gather_waits_for_the_optimizer_step(lab, at_batch, uninterrupted, stops):
    overrides = [*RANDOM, "training.accumulate=2", "training.batch_size=5"]
    folder = train_and_resume(lab, at_batch, overrides, stops)
    assert_same_run(folder, uninterrupted(*overrides))


def test_modulated_gradients_of_balanced_epochs_go_on_as_they_would_have(lab, at_batch, uninterrupted):
    overrides = ["method=ogm_ge", "sampler=balanced", "inputs=[image,text]", "training.accumulate=2"]
    assert_same_run(train_and_resume(lab, at_batch, overrides, (3, 6)), uninterrupted(*overrides))


def test_noise_batches_and_epsilon_of_a_private_run_go_on_as_they_would_have(lab, at_batch, uninterrupted):
    pytest.importorskip("opacus", reason="the extra private is not installed")
    overrides = ["method=private", "method.epsilon=null", "method.noise_multiplier=1.0", "method.accountant=rdp"]
    overrides += ["inputs=[text]", "fusion=none", "training.ema=0.5", "training.batch_size=2"]
    assert_same_run(train_and_resume(lab, at_batch, overrides, (3, 6)), uninterrupted(*overrides))
    assert json.loads(lab.only_run().summary.read_text())["privacy"]["steps"] == 18


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pseudo_label", "gradual", "blending"])
def test_what_a_method_keeps_goes_on_as_it_would_have(lab, at_batch, uninterrupted, method):
    overrides = [f"method={method}", "inputs=[image,text]", "training.accumulate=2"]
    assert_same_run(train_and_resume(lab, at_batch, overrides, (3, 6)), uninterrupted(*overrides))


@pytest.mark.slow
@pytest.mark.parametrize("stops", [(2,), (4,), (5, 6)])
def test_loader_processes_change_nothing_about_resuming(lab, at_batch, uninterrupted, stops):
    overrides = [*RANDOM, "hardware.num_workers=2"]
    folder = train_and_resume(lab, at_batch, overrides, stops)
    assert_same_run(folder, uninterrupted(*overrides))
    assert rows(folder) == rows(uninterrupted(*RANDOM))


def test_a_stop_during_a_validation_waits_for_its_end(lab, monkeypatch, uninterrupted):
    step = ExperimentModule.validation_step

    def once(self: ExperimentModule, batch: Any, batch_idx: int) -> None:
        monkeypatch.setattr(ExperimentModule, "validation_step", step)
        terminate()
        step(self, batch, batch_idx)

    monkeypatch.setattr(ExperimentModule, "validation_step", once)
    with pytest.raises(Stopped, match="stopped at step 4, with its state saved"):
        lab.train(*RANDOM)
    assert_same_run(lab.resume(lab.only_run()), uninterrupted(*RANDOM))


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_stop_while_the_best_checkpoint_is_judged_costs_no_training(lab, monkeypatch, uninterrupted, split):
    original = Classification.predictions

    def once(self: Classification, outputs: Any, batch: Any) -> Any:
        if batch.ids[0] == {"val": "s12", "test": "s18"}[split]:
            monkeypatch.setattr(Classification, "predictions", original)
            terminate()
        return original(self, outputs, batch)

    monkeypatch.setattr(Classification, "predictions", once)
    with pytest.raises(Stopped, match="stopped at once"):
        lab.train(*RANDOM)
    before = [path.stat().st_mtime_ns for path in lab.only_run().checkpoints.iterdir()]
    assert_same_run(lab.resume(lab.only_run()), uninterrupted(*RANDOM))
    assert before == [path.stat().st_mtime_ns for path in lab.only_run().checkpoints.iterdir()]


@pytest.mark.parametrize("batch", [2, 5, 6])
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(lab, at_batch, tmp_path, uninterrupted, batch):
    lost = tmp_path / "lost/classification-concat/20200101-000000-abcd"
    overrides = [*RANDOM, "training.checkpoint_every=1"]
    at_batch(lambda: shutil.copytree(lab.only_run().path, lost), batch)
    lab.train(*overrides)
    folder = RunFolder(lost)
    assert manifest.status(folder) == "killed"
    assert listed(folder.checkpoints, "last")[0].stem.endswith(f"step{batch - 1:06d}")
    assert_same_run(lab.resume(folder), uninterrupted(*RANDOM))
    assert f"Resuming from last-epoch{(batch - 1) // 4:02d}-step{batch - 1:06d}.ckpt" in lab.said


def test_patience_runs_out_at_the_same_validation_after_a_stop(lab, at_batch, uninterrupted):
    overrides = ["training.epochs=12", "training.patience=2", "optimizer.lr=1e-9"]
    whole = uninterrupted(*overrides)
    steps = [row["step"] for row in rows(whole)]
    assert steps[-1] == 12
    assert_same_run(train_and_resume(lab, at_batch, overrides, (6, 10)), whole)


def test_a_run_out_of_patience_that_is_stopped_afterwards_trains_no_further(lab, monkeypatch, uninterrupted):
    overrides = ["training.epochs=12", "training.patience=2", "optimizer.lr=1e-9"]
    original = Classification.predictions

    def once(self: Classification, outputs: Any, batch: Any) -> Any:
        monkeypatch.setattr(Classification, "predictions", original)
        terminate()
        return original(self, outputs, batch)

    monkeypatch.setattr(Classification, "predictions", once)
    with pytest.raises(Stopped):
        lab.train(*overrides)
    assert_same_run(lab.resume(lab.only_run()), uninterrupted(*overrides))


def test_the_same_seed_gives_the_same_run_and_another_seed_another_one(lab, uninterrupted):
    assert_same_run(lab.train(*RANDOM), uninterrupted(*RANDOM))
    other = lab.train(*RANDOM, "seed=1")
    assert [row["step"] for row in rows(other)] == [row["step"] for row in rows(uninterrupted(*RANDOM))]
    assert rows(other) != rows(uninterrupted(*RANDOM))
    assert other.predictions("test").read_text() != uninterrupted(*RANDOM).predictions("test").read_text()


def test_metrics_name_step_epoch_and_time_and_validations_follow_the_losses(uninterrupted):
    found = read_metrics(uninterrupted("training.log_every=3").metrics)
    train, validation = ({*row} for row in (found[0], found[-1]))
    assert train == {"step", "epoch", "time", "train/loss", "train/lr"}
    metrics = ("loss", "accuracy", "f1", "f1_macro", "f1_micro", "auroc", "ece")
    assert validation == {"step", "epoch", "time", *(f"val/{name}" for name in metrics)}
    kinds = [(row["step"], "val/loss" in row) for row in found]
    assert kinds == [
        (3, False),
        (4, False),
        (4, True),
        (7, False),
        (8, False),
        (8, True),
        (11, False),
        (12, False),
        (12, True),
    ]
    assert [row["epoch"] for row in found][:4] == [0.75, 1, 1, 1.75]
    assert [row["time"] for row in found] == sorted(row["time"] for row in found)


def test_time_goes_on_after_a_stop(lab, at_batch):
    folder = train_and_resume(lab, at_batch, ["training.log_every=1"], (5,))
    times = [row["time"] for row in read_metrics(folder.metrics)]
    assert times == sorted(times) and times[0] >= 0
    train = json.loads(folder.summary.read_text())["seconds"]["train"]
    assert times[-1] == pytest.approx(train, abs=0.5)


@pytest.mark.parametrize("harm", ["cut", "flip"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(lab, at_batch, uninterrupted, harm):
    overrides = [*RANDOM, "training.checkpoint_every=1"]
    at_batch(terminate, 7)
    with pytest.raises(Stopped):
        lab.train(*overrides)
    folder = lab.only_run()
    first, second = listed(folder.checkpoints, "last")
    damage(first, harm)
    assert_same_run(lab.resume(folder), uninterrupted(*RANDOM))
    assert f"{first} does not match its hash and is passed over.\nResuming from {second.name}." in lab.said
    assert all(map(is_intact, folder.checkpoints.glob("*.ckpt")))


def test_a_run_without_an_intact_checkpoint_is_trained_again_with_a_message(lab, at_batch, uninterrupted):
    overrides = [*RANDOM, "training.checkpoint_every=1"]
    at_batch(terminate, 7)
    with pytest.raises(Stopped):
        lab.train(*overrides)
    folder = lab.only_run()
    for path in listed(folder.checkpoints, "last"):
        damage(path, "flip")
    assert_same_run(lab.resume(folder), uninterrupted(*RANDOM))
    assert "No checkpoint is left; training starts again." in lab.said


def damage(path: Path, harm: str) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data if harm == "flip" else data[: len(data) // 2])


def test_a_loss_that_is_not_a_number_ends_the_run_before_it_is_saved(lab, monkeypatch):
    losses, batches = Classification.losses, []

    def fifth(self: Classification, outputs: Any, batch: Any) -> Any:
        found = losses(self, outputs, batch)
        if self.training:
            batches.append(batch.ids)
            if len(batches) == 5:
                return {name: value * float("nan") for name, value in found.items()}
        return found

    monkeypatch.setattr(Classification, "losses", fifth)
    with pytest.raises(NumericsError, match="loss 'loss' must be finite, got nan at step 5 on the samples") as caught:
        lab.train("training.checkpoint_every=1")
    assert all(name in str(caught.value) for name in batches[4]) and len(batches) == 5
    assert caught.value.exit_code == 4
    folder = lab.only_run()
    assert manifest.status(folder) == "failed"
    assert "must be finite, got nan at step 5" in json.loads(folder.manifest.read_text())["reason"]
    state = newest(folder)
    assert state["global_step"] == 4
    assert all(value.isfinite().all() for value in state["state_dict"].values())


def overflow(monkeypatch: pytest.MonkeyPatch, *steps: int) -> None:
    """Make the gradients of some steps infinite, though their loss is finite."""
    backward = ExperimentModule.on_after_backward

    def patched(self: ExperimentModule) -> None:
        backward(self)
        if self.trainer.global_step + 1 in steps:
            next(self.model.parameters()).grad.fill_(float("inf"))

    monkeypatch.setattr(ExperimentModule, "on_after_backward", patched)


def test_steps_that_overflow_are_skipped_and_counted_also_across_a_stop(lab, make_lab, at_batch, monkeypatch, tmp_path):
    overflow(monkeypatch, 3, 7, 8)
    at_batch(terminate, 8)
    with pytest.raises(Stopped):
        lab.train()
    folder = lab.resume(lab.only_run())
    assert [row.get("train/overflows") for row in rows(folder) if "train/loss" in row] == [None, 1, 1, 3, 3, 3]
    assert json.loads(folder.summary.read_text())["overflows"] == 3
    assert lab.said.count("Step 3 is skipped: its gradient is not finite.") == 1
    assert_same_run(folder, make_lab(tmp_path / "whole").train())


def test_overflows_in_a_row_end_the_run_and_their_samples_are_on_record(lab, monkeypatch):
    overflow(monkeypatch, *range(6, 13))
    with pytest.raises(NumericsError, match="gradient must be finite, got 3 in a row that are not at step 8") as caught:
        lab.train("training.max_overflows=3")
    folder = lab.only_run()
    assert str(folder.replay) in caught.value.hint and newest(folder)["global_step"] == 4
    replay = json.loads(folder.replay.read_text())
    assert [(batch["number"], len(batch["ids"])) for batch in replay["batches"]] == [(5, 3), (6, 3), (7, 3)]


def without_room(monkeypatch: pytest.MonkeyPatch, most: int, training: bool) -> None:
    """Ask for more memory than there is in batches of more samples."""
    forward = Model.forward

    def patched(self: Model, batch: Any) -> Any:
        if self.training == training and len(batch) > most:
            torch.empty(1 << 50)
        return forward(self, batch)

    monkeypatch.setattr(Model, "forward", patched)


def test_a_training_batch_without_room_ends_the_run_with_the_largest_that_fits(lab, monkeypatch):
    without_room(monkeypatch, 2, training=True)
    with pytest.raises(ResourceError, match="Training: batch must fit in memory, got: ") as caught:
        lab.train("training.batch_size=8")
    known, line = caught.value.hint.split("\nRun: ")
    assert known == "Of halves of the batch, the largest that fits has 2 samples."
    assert line.endswith("training.batch_size=2 training.accumulate=4") and "batch_size=8" not in line
    assert main(shlex.split(line)[1:]) == 0


def test_an_evaluation_without_room_is_halved_with_equal_results(lab, monkeypatch, uninterrupted):
    without_room(monkeypatch, 1, training=False)
    folder, other = lab.train(), uninterrupted()
    assert "3 samples at once do not fit in memory; they are evaluated 1 at a time." in folder.log.read_text()
    results = [json.loads(one.summary.read_text())["metrics"] for one in (folder, other)]
    assert results[0] == pytest.approx(results[1], abs=1e-6)


def test_weights_that_are_not_numbers_are_not_saved(lab, monkeypatch):
    step = ExperimentModule.configure_gradient_clipping

    def spoil(self: ExperimentModule, *arguments: Any, **named: Any) -> None:
        step(self, *arguments, **named)
        if self.trainer.global_step == 4:
            next(self.model.parameters()).grad.fill_(float("nan"))

    monkeypatch.setattr(ExperimentModule, "configure_gradient_clipping", spoil)
    with pytest.raises(NumericsError, match=r"weights must be finite, got others in 'model\..*' at step 5"):
        lab.train("training.checkpoint_every=1")
    assert newest(lab.only_run())["global_step"] == 4


def test_a_metric_that_is_undefined_does_not_replace_the_best_checkpoint(lab, monkeypatch):
    finish = ExperimentModule._finish

    def undefined(self: ExperimentModule, stage: str) -> None:
        finish(self, stage)
        if self.trainer.state.fn == "fit" and self.trainer.global_step > 4:
            self.results[stage]["val/accuracy"] = float("nan")

    monkeypatch.setattr(ExperimentModule, "_finish", undefined)
    folder = lab.train()
    assert [path.name for path in listed(folder.checkpoints, "best")] == ["best-epoch01-step000004.ckpt"]
    assert [row["val/accuracy"] for row in rows(folder) if "val/accuracy" in row][1:] == [None, None]


def test_a_run_whose_metric_never_is_a_number_fails(lab, monkeypatch):
    finish = ExperimentModule._finish

    def undefined(self: ExperimentModule, stage: str) -> None:
        finish(self, stage)
        self.results[stage]["val/accuracy"] = float("nan")

    monkeypatch.setattr(ExperimentModule, "_finish", undefined)
    with pytest.raises(NumericsError, match="val/accuracy must be a number at least once, got none"):
        lab.train()


def test_a_checkpoint_with_a_renamed_weight_is_refused_by_name(lab, at_batch):
    at_batch(terminate, 5)
    with pytest.raises(Stopped):
        lab.train()
    folder = lab.only_run()
    for path in folder.checkpoints.glob("last-*.ckpt"):
        state = AtomicCheckpointIO().load_checkpoint(path)
        state["state_dict"]["model.renamed"] = state["state_dict"].pop("model.encoders.text.embedding.weight")
        AtomicCheckpointIO().save_checkpoint(state, path)
    got = "no 'model.encoders.text.embedding.weight' and an unknown 'model.renamed'"
    with pytest.raises(ConfigError, match=rf"{folder.checkpoints}/last-.*: weights must fit the model, got {got}"):
        lab.resume(folder)


def test_nothing_is_staged_outside_of_the_run_folder(lab, monkeypatch, tmp_path):
    import tempfile

    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert all(map(is_intact, lab.train().checkpoints.glob("*.ckpt")))


def test_the_weights_judged_are_the_average(lab, uninterrupted):
    folder = uninterrupted(*RANDOM)
    (best,) = listed(folder.checkpoints, "best")
    checkpoint = AtomicCheckpointIO().load_checkpoint(best)
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(torch.zeros(2))
    path = folder.path / "one.ckpt"
    AtomicCheckpointIO().save_checkpoint({"state_dict": {"weight": torch.ones(2)}}, path)
    load_weights(module, path)
    assert module.weight.tolist() == [1, 1]
    AtomicCheckpointIO().save_checkpoint(
        {"state_dict": {"weight": torch.ones(2)}, AVERAGE: {"weight": torch.full((2,), 3.0)}}, path
    )
    load_weights(module, path)
    assert module.weight.tolist() == [3, 3]
    assert checkpoint[AVERAGE].keys() <= checkpoint["state_dict"].keys()


def test_the_verdict_is_that_of_the_best_checkpoint(uninterrupted):
    folder = uninterrupted(*RANDOM)
    verdict = json.loads(folder.summary.read_text())
    (best,) = listed(folder.checkpoints, "best")
    assert verdict["best"] == best.name and verdict["monitor"] == "val/accuracy" and verdict["status"] == "done"
    scores = {row["step"]: row for row in rows(folder) if "val/accuracy" in row}
    chosen = scores[int(best.stem[-6:])]
    assert chosen["val/accuracy"] == max(row["val/accuracy"] for row in scores.values())
    assert {name: verdict["metrics"][name] for name in chosen if "/" in name} == pytest.approx(
        {name: value for name, value in chosen.items() if "/" in name}
    )
    predictions = [json.loads(line) for line in folder.predictions("test").read_text().splitlines()]
    assert [row["id"] for row in predictions] == [f"s{i}" for i in range(18, 24)]
    right = sum(row["label"] == row["target"] for row in predictions) / 6
    assert verdict["metrics"]["test/accuracy"] == pytest.approx(right)


def test_a_new_run_has_nothing_to_start_from(tmp_path, lab):
    from rich.console import Console

    assert choose_start(RunFolder(tmp_path), Console(file=lab.screen)) is None
    assert lab.said == ""
