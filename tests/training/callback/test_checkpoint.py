from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mmexp.error import NumericsError, Stopped
from mmexp.run.checkpoints import is_intact, listed, step_of
from mmexp.training.callback import checkpoint as module
from mmexp.training.callback.checkpoint import CheckpointCallback
from mmexp.training.checkpoint import AtomicCheckpointIO


class Loop:
    """Plays a trainer of 4 batches per epoch and a validation after each."""

    def __init__(self, folder: Path, mode: Any = "max", every: int = 0, patience: int = 0, accumulate: int = 1) -> None:
        self.folder, self.io = folder, AtomicCheckpointIO()
        self.checked: list[int] = []
        self.callback = CheckpointCallback(
            folder=folder,
            monitor="val/x",
            mode=mode,
            per_epoch=4,
            every=every,
            patience=patience,
            before_save=lambda trainer: self.checked.append(trainer.global_step),
        )
        self.progress = SimpleNamespace(ready=0)
        self.others_asked = False
        self.trainer: Any = SimpleNamespace(
            global_step=0,
            accumulate_grad_batches=accumulate,
            val_check_interval=4,
            should_stop=False,
            is_global_zero=True,
            world_size=1,
            fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=SimpleNamespace(current=self.progress))),
            state=SimpleNamespace(fn="fit"),
            strategy=SimpleNamespace(reduce_boolean_decision=lambda asked, all: asked or self.others_asked),
            save_checkpoint=lambda path: self.io.save_checkpoint({"callback": self.callback.state_dict()}, path),
        )
        self.results: dict[str, dict[str, float]] = {"val": {}}
        self.module: Any = SimpleNamespace(results=self.results)

    def batch(self, count: int = 1) -> None:
        for _ in range(count):
            self.progress.ready += 1
            self.trainer.global_step = self.progress.ready // self.trainer.accumulate_grad_batches
            self.callback.on_train_batch_end(self.trainer, self.module, {}, None, self.progress.ready - 1)

    def epochs(self, *values: float) -> None:
        for value in values:
            self.batch(4)
            self.results["val"] = {"val/x": value}
            self.callback.on_validation_end(self.trainer, self.module)

    def steps(self, role: Any) -> list[int]:
        return [step_of(path) for path in listed(self.folder, role) if is_intact(path)]


@pytest.fixture
def make(tmp_path: Path) -> Any:
    return lambda **settings: Loop(tmp_path, **settings)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


NAN = float("nan")


@pytest.mark.parametrize(
    ("mode", "values", "best", "waited"),
    [
        ("max", [0.1, 0.3, 0.2], 8, 1),
        ("min", [0.3, 0.1, 0.2], 8, 1),
        ("max", [0.2, 0.2, 0.2], 4, 2),
        ("max", [0.1, NAN, NAN], 4, 2),
        ("min", [NAN, -0.5, NAN], 8, 1),
        ("max", [float("-inf"), 0.0, 0.1], 12, 0),
    ],
)
def test_two_last_states_and_the_best_one_are_kept(make, mode, values, best, waited):
    loop = make(mode=mode)
    loop.epochs(*values)
    assert (loop.steps("last"), loop.steps("best"), loop.callback.waited) == ([12, 8], [best], waited)
    assert len(list(loop.folder.iterdir())) == 6
    assert loop.checked == [4, 8, 12]


def test_a_metric_that_is_missing_is_never_the_best(make):
    loop = make()
    loop.callback.monitor = "val/other"
    loop.epochs(1.0)
    assert (loop.steps("last"), loop.steps("best")) == ([4], [])


def test_states_are_saved_every_few_steps_and_not_twice_where_a_validation_follows(make):
    loop = make(every=2)
    loop.batch(3)
    assert loop.checked == [2]
    loop.batch()
    assert loop.checked == [2]
    loop.results["val"] = {"val/x": 1.0}
    loop.callback.on_validation_end(loop.trainer, loop.module)
    assert loop.checked == [2, 4] and loop.steps("last") == [4, 2]


def test_no_state_is_saved_while_gradients_gather(make):
    loop = make(every=1, accumulate=2)
    loop.batch(3)
    assert loop.checked == [1]


def test_a_state_that_is_not_worth_keeping_is_not_saved(make):
    loop = make()
    loop.epochs(0.1)

    def refuse(trainer: Any) -> None:
        raise NumericsError("Training: loss must be finite.")

    loop.callback.before_save = refuse
    with pytest.raises(NumericsError):
        loop.epochs(0.2)
    assert (loop.steps("last"), loop.steps("best")) == ([4], [4])


def test_a_kill_between_the_best_state_and_the_last_one_loses_no_best_score(make, monkeypatch):
    loop = make()
    loop.epochs(0.1)

    def kill(*names: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(module, "hard_link", kill)
        with pytest.raises(OSError, match="killed"):
            loop.epochs(0.2)
    assert (loop.steps("last"), loop.steps("best")) == ([4], [8, 4])
    resumed = make()
    resumed.callback.load_state_dict(torch.load(listed(loop.folder, "last")[0], weights_only=True)["callback"])
    resumed.progress.ready = 4
    resumed.epochs(0.2)
    assert (resumed.steps("last"), resumed.steps("best"), resumed.callback.best) == ([8, 4], [8], 0.2)


def test_training_stops_when_patience_has_run_out(make):
    loop = make(patience=2)
    loop.epochs(0.5, 0.4)
    assert not loop.trainer.should_stop
    loop.epochs(0.3)
    assert loop.trainer.should_stop


def test_patience_that_has_run_out_before_a_stop_stays_so(make):
    loop = make(patience=2)
    loop.callback.load_state_dict({"best": 0.5, "waited": 2})
    loop.callback.on_train_start(loop.trainer, loop.module)
    assert loop.trainer.should_stop


def test_without_patience_training_never_stops_early(make):
    loop = make()
    loop.epochs(0.5, 0.4, 0.3, 0.2)
    loop.callback.on_train_start(loop.trainer, loop.module)
    assert not loop.trainer.should_stop


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_heard_at_the_next_safe_place(make, number, code):
    loop = make(accumulate=2)
    loop.callback.on_train_start(loop.trainer, loop.module)
    signal.raise_signal(number)
    loop.batch()
    with pytest.raises(Stopped, match="stopped at step 1, with its state saved") as caught:
        loop.batch()
    assert caught.value.exit_code == code and loop.steps("last") == [1]


def test_a_stop_that_falls_on_a_validation_waits_for_it(make):
    loop = make()
    loop.callback.on_train_start(loop.trainer, loop.module)
    loop.batch(3)
    signal.raise_signal(signal.SIGTERM)
    loop.batch()
    loop.results["val"] = {"val/x": 0.5}
    with pytest.raises(Stopped, match="stopped at step 4"):
        loop.callback.on_validation_end(loop.trainer, loop.module)
    assert (loop.steps("last"), loop.steps("best"), loop.checked) == ([4], [4], [4])


def test_all_processes_stop_where_one_was_asked(make):
    loop = make()
    loop.others_asked = True
    with pytest.raises(Stopped) as caught:
        loop.batch()
    assert caught.value.exit_code == 143 and loop.steps("last") == [1]


def test_only_one_process_tidies_up(make):
    loop = make()
    loop.epochs(0.1, 0.2)
    loop.trainer.is_global_zero = False
    loop.epochs(0.1, 0.1)
    assert loop.steps("last") == [16, 12, 8, 4]


@pytest.mark.parametrize(("number", "world", "fn"), [(signal.SIGTERM, 1, "fit"), (signal.SIGINT, 2, "fit")])
def test_a_validation_is_not_left_on_sigterm_or_by_one_process_of_several(make, number, world, fn):
    loop = make()
    loop.trainer.world_size, loop.trainer.state.fn = world, fn
    loop.callback.on_train_start(loop.trainer, loop.module)
    signal.raise_signal(number)
    loop.callback.on_validation_batch_end(loop.trainer, loop.module)


def test_an_interrupt_leaves_a_validation_at_the_end_of_its_batch(make):
    loop = make()
    loop.batch(4)
    loop.callback.on_train_start(loop.trainer, loop.module)
    loop.callback.on_validation_batch_end(loop.trainer, loop.module)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(Stopped, match="stopped during the validation at step 4") as caught:
        loop.callback.on_validation_batch_end(loop.trainer, loop.module)
    assert caught.value.exit_code == 130 and loop.checked == []


@pytest.mark.parametrize("end", ["on_train_end", "on_exception"])
def test_signals_are_given_back_however_training_ends(make, end):
    loop = make()
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    loop.callback.on_train_start(loop.trainer, loop.module)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == 2 * [loop.callback._ask]
    arguments = (loop.trainer, loop.module) + ((ValueError(),) if end == "on_exception" else ())
    getattr(loop.callback, end)(*arguments)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_a_second_interrupt_does_what_one_did_before_training(make):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell may have switched off
    loop = make()
    loop.callback.on_train_start(loop.trainer, loop.module)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_evaluation_after_training_saves_nothing(make):
    loop = make()
    loop.trainer.state.fn = "validate"
    loop.callback.on_validation_end(loop.trainer, loop.module)
    assert loop.checked == [] and not list(loop.folder.iterdir())
