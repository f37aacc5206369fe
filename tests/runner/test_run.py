from __future__ import annotations

import json
import logging
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.dataset.manifest import Manifest
from mmexp.error import ConfigError, DataError, Stopped
from mmexp.run import provenance as manifest
from mmexp.run.atomic import TEMP
from mmexp.run.checkpoints import is_intact, listed, step_of
from mmexp.run.folder import RunFolder, runs
from mmexp.run.lock import Lock
from mmexp.run.metrics import read_metrics
from mmexp.runner import run as run_training
from mmexp.runner.log import LIBRARIES
from mmexp.training.callback.checkpoint import CheckpointCallback
from mmexp.training.module import ExperimentModule

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("MMEXP_KILLS", "5"))
BEFORE = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}


@pytest.fixture(autouse=True)
def handlers_are_given_back() -> Iterator[None]:
    yield
    assert {number: signal.getsignal(number) for number in BEFORE} == BEFORE


def record_of(folder: RunFolder) -> dict[str, Any]:
    return json.loads(folder.manifest.read_text())


def train(lab: Any, *overrides: str) -> int:
    return main(["train", *lab.overrides, *overrides])


def during(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, what: Callable[[], Any], call: int = 1) -> None:
    """Do something at the start of one call of a method."""
    original, calls = getattr(owner, name), []

    def patched(*arguments: Any, **named: Any) -> Any:
        calls.append(name)
        if len(calls) == call:
            what()
        return original(*arguments, **named)

    monkeypatch.setattr(owner, name, patched)


def send(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def twice(number: int) -> None:
    os.kill(os.getpid(), number)
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_asked_to_stop_saves_its_state_and_says_how_to_resume(lab, monkeypatch, capsys, number, code):
    during(monkeypatch, ExperimentModule, "training_step", send(number), call=6)
    assert train(lab) == code
    folder = lab.only_run()
    assert record_of(folder)["status"] == "stopped" and not folder.summary.exists()
    assert record_of(folder)["reason"] == "Training: stopped at step 6, with its state saved."
    assert is_intact(listed(folder.checkpoints, "last")[0])
    assert f"with its state saved.\nRun: mmexp train resume={folder.path}" in capsys.readouterr().err
    assert main(["train", f"resume={folder.path}"]) == 0
    assert record_of(folder)["status"] == "done" and len(record_of(folder)["resumed"]) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_stopped_while_data_is_prepared_can_be_resumed(lab, monkeypatch, number, code):
    during(monkeypatch, Manifest, "prepare", send(number))
    assert train(lab) == code
    assert record_of(lab.only_run())["status"] == "stopped"
    assert record_of(lab.only_run())["reason"] == f"got {signal.Signals(number).name}"
    assert record_of(lab.resume(lab.only_run()))["status"] == "done"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_before_its_config_is_written_leaves_no_folder(lab, number):
    from rich.console import Console

    from mmexp.config.compose import compose

    with pytest.raises(Stopped, match="stopped at once") as caught:
        run_training.run_training(
            compose(lab.overrides), ["mmexp"], Console(file=lab.screen), started=lambda folder: send(number)()
        )
    assert caught.value.hint == "" and caught.value.exit_code == 128 + number
    assert runs(lab.overrides[-1].removeprefix("outputs=")) == []


def test_a_run_that_is_stopped_while_its_folder_is_made_leaves_none(lab, monkeypatch):
    during(monkeypatch, RunFolder, "create", send(signal.SIGINT))
    with pytest.raises(Stopped, match="stopped at once"):
        lab.train()
    assert runs(lab.overrides[-1].removeprefix("outputs=")) == []


def test_an_interrupt_during_a_validation_does_not_wait_for_its_end(lab, monkeypatch):
    during(monkeypatch, ExperimentModule, "validation_step", send(signal.SIGINT), call=3)
    with pytest.raises(Stopped, match="stopped during the validation at step 8") as caught:
        lab.train()
    folder = lab.only_run()
    assert caught.value.exit_code == 130 and [step_of(path) for path in listed(folder.checkpoints, "last")] == [4]
    assert record_of(lab.resume(folder))["status"] == "done"


def test_a_second_interrupt_does_not_wait_for_a_safe_place(lab, monkeypatch):
    during(monkeypatch, ExperimentModule, "training_step", lambda: twice(signal.SIGINT), call=6)
    assert train(lab) == 130
    folder = lab.only_run()
    assert record_of(folder)["status"] == "stopped"
    assert [step_of(path) for path in listed(folder.checkpoints, "last")] == [4]


def test_a_second_sigterm_waits_for_the_first(lab, monkeypatch):
    during(monkeypatch, ExperimentModule, "training_step", lambda: twice(signal.SIGTERM), call=6)
    with pytest.raises(Stopped, match="stopped at step 6, with its state saved"):
        lab.train()


def test_a_signal_that_comes_with_the_last_step_is_not_lost(lab, monkeypatch):
    during(monkeypatch, CheckpointCallback, "on_train_end", send(signal.SIGTERM))
    with pytest.raises(Stopped, match="stopped at step 12"):
        lab.train()


def test_a_library_that_catches_every_exception_does_not_hold_up_a_stop(lab, monkeypatch):
    prepare = Manifest.prepare

    def deaf(self: Manifest, *arguments: Any) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:
            pytest.fail("swallowed")
        prepare(self, *arguments)

    monkeypatch.setattr(Manifest, "prepare", deaf)
    with pytest.raises(Stopped, match="stopped at once"):
        lab.train()


def test_a_run_that_is_done_is_not_touched_by_resuming_it(lab, capsys):
    folder = lab.train()
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}
    assert main(["train", f"resume={folder.path}"]) == 0
    assert f"{folder.id} is done already; nothing to resume." in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")} == before


def test_a_run_that_is_done_but_for_its_summary_is_evaluated_again(lab):
    folder = lab.train("training.epochs=1")
    before = json.loads(folder.summary.read_text())
    folder.summary.unlink()
    after = json.loads(lab.resume(folder).summary.read_text())
    assert f"{folder.summary} is missing; the run is evaluated again." in lab.said
    assert {**after, "seconds": None} == {**before, "seconds": None}
    assert record_of(folder)["status"] == "done"


def test_a_rank_that_another_program_has_left_in_the_environment_changes_nothing(lab, monkeypatch):
    stale = {"RANK": "3", "LOCAL_RANK": "3", "WORLD_SIZE": "4", "MASTER_ADDR": "10.0.0.9", "MASTER_PORT": "1"}
    for name, value in stale.items():
        monkeypatch.setenv(name, value)
    assert train(lab, "training.epochs=1") == 0
    folder = lab.only_run()
    assert record_of(folder)["status"] == "done" and folder.summary.exists()
    assert len(folder.predictions("test").read_text().splitlines()) == 6
    assert {name: os.environ[name] for name in stale} == stale


def test_nothing_else_may_be_typed_beside_resume(lab):
    folder = lab.train()
    folder.manifest.write_text(json.dumps(record_of(folder) | {"status": "stopped"}))
    rule = r"resume takes the config of its run as it is, got training\.epochs=5, dim=4\."
    with pytest.raises(ConfigError, match=rule) as caught:
        lab_words(lab, f"resume={folder.path}", "training.epochs=5", "dim=4")
    assert caught.value.hint == f"Run: mmexp train resume={folder.path}"
    assert "It would change dim from 8 to 4." in caught.value.problems
    assert record_of(folder)["status"] == "stopped"


def lab_words(lab: Any, *words: str) -> RunFolder:
    from rich.console import Console

    from mmexp.config.compose import compose

    return run_training.run_training(compose([*words]), ["mmexp"], Console(file=lab.screen))


def test_the_second_process_that_resumes_a_run_is_told_who_has_it(lab, monkeypatch):
    during(monkeypatch, ExperimentModule, "training_step", send(signal.SIGTERM), call=2)
    with pytest.raises(Stopped):
        lab.train()
    folder = lab.only_run()
    with Lock(folder), pytest.raises(ConfigError, match=f"{folder.id} must be free, got locked by {os.getpid()}/"):
        lab.resume(folder)
    assert record_of(folder)["status"] == "stopped"


def test_a_part_that_cannot_be_built_leaves_no_folder(lab, capsys):
    assert train(lab, "task.form=binary") == 2
    assert "classes must be 2 if form is binary, got 3" in capsys.readouterr().err
    assert runs(lab.overrides[-1].removeprefix("outputs=")) == []


def test_data_that_is_refused_leaves_a_failed_run(lab, tiny, tmp_path, capsys):
    root = tmp_path / "data"
    shutil.copytree(tiny, root)
    (root / "3.png").write_bytes(b"no picture")
    assert train(lab, f"dataset.root={root}") == 3
    assert "3.png" in capsys.readouterr().err
    assert record_of(lab.only_run())["status"] == "failed"
    assert "3.png" in record_of(lab.only_run())["reason"]


def test_samples_that_are_skipped_are_listed_and_counted(lab, tiny, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(tiny, root)
    (root / "3.png").write_bytes(b"no picture")
    folder = lab.train(f"dataset.root={root}", "dataset.on_error=skip", "training.epochs=1")
    (row,) = map(json.loads, folder.skipped.read_text().splitlines())
    assert (row["id"], row["path"]) == ("s3", "3.png") and "must be an image that decodes" in row["reason"]
    assert json.loads(folder.summary.read_text())["skipped"] == 1
    assert f"1 samples are skipped; see {folder.skipped}" in lab.said


def test_a_run_goes_on_with_no_other_data(lab, tiny, tmp_path, monkeypatch):
    root = tmp_path / "data"
    shutil.copytree(tiny, root)
    during(monkeypatch, ExperimentModule, "training_step", send(signal.SIGTERM), call=2)
    with pytest.raises(Stopped):
        lab.train(f"dataset.root={root}")
    rows = (root / "manifest.jsonl").read_text().splitlines()
    (root / "manifest.jsonl").write_text("\n".join(rows[1:]))
    with pytest.raises(DataError, match=r"data must be what the run began with, .*'train': 12.*, got .*'train': 11"):
        lab.resume(lab.only_run())


def test_a_crash_leaves_its_traceback_in_the_log_and_its_reason_in_the_manifest(lab, monkeypatch):
    def crash() -> None:
        raise RuntimeError("no such device; password=hunter2hunter2")

    during(monkeypatch, ExperimentModule, "training_step", crash, call=6)
    with pytest.raises(RuntimeError, match="no such device"):
        lab.train()
    folder = lab.only_run()
    assert record_of(folder)["status"] == "failed"
    assert record_of(folder)["reason"].startswith("RuntimeError: no such device")
    assert "Traceback" in folder.log.read_text() and "in crash" in folder.log.read_text()
    assert "hunter2" not in folder.log.read_text() + folder.manifest.read_text()
    assert record_of(lab.resume(folder))["status"] == "done"


def test_a_full_disk_ends_the_run_and_harms_no_earlier_checkpoint(lab, small_disk, monkeypatch, capsys):
    disk = small_disk(4000)
    lab.overrides[-1] = f"outputs={disk}"

    def fill() -> None:
        (disk / "full").write_bytes(bytes(shutil.disk_usage(disk).free - 20_000))

    during(monkeypatch, CheckpointCallback, "save", fill, call=2)
    assert train(lab) == 5
    folder = lab.only_run()
    rule = rf"{folder.checkpoints}/(best|last)-epoch02-step000008.ckpt: disk of .* must have room for the 6\d,\d+ bytes"
    said = capsys.readouterr().err
    assert re.search(rf"{rule} of the file, got \d+,\d+ bytes free \(No space left on device\)", said)
    assert said.endswith(f"\nRun: mmexp train resume={folder.path}\n") and "Traceback" not in said
    assert record_of(folder)["status"] == "failed"
    assert [step_of(path) for path in listed(folder.checkpoints, "last") if is_intact(path)] == [4]
    assert not list(folder.path.rglob(f"{TEMP}*"))
    assert read_metrics(folder.metrics)[-1]["step"] == 8
    (disk / "full").unlink()
    assert record_of(lab.resume(folder))["status"] == "done"


def own_copy(lab: Any, tiny: Path, tmp_path: Path) -> Path:
    lab.overrides[-2] = f"dataset.root={shutil.copytree(tiny, tmp_path / 'tiny')}"
    return tmp_path / "tiny"


def test_a_file_that_vanishes_while_loader_processes_read_is_named(lab, tiny, tmp_path, monkeypatch, capsys):
    data = own_copy(lab, tiny, tmp_path)
    during(monkeypatch, ExperimentModule, "on_test_epoch_start", lambda: [p.unlink() for p in data.glob("2?.png")])
    assert train(lab, "hardware.num_workers=2", "training.epochs=1") == 3
    said = capsys.readouterr().err
    assert re.search(rf"{data}/manifest.jsonl:\d+, sample s2\d: image '2\d.png' must be a file, got none\.", said)
    assert "Traceback" not in said and all(map(is_intact, lab.only_run().checkpoints.glob("*.ckpt")))
    assert record_of(lab.only_run())["reason"].startswith("DataError")


def test_a_loader_process_that_is_killed_ends_the_run_with_what_to_free(lab, monkeypatch, capsys):
    def kill() -> None:
        os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
        time.sleep(0.5)

    during(monkeypatch, ExperimentModule, "training_step", kill, call=5)
    assert train(lab, "hardware.num_workers=2") == 5
    said = capsys.readouterr().err
    assert re.search(r"loader process must live until the end, got: process \d+ (is killed by|exited)", said)
    assert "shared memory (df -h /dev/shm)" in said and "Traceback" not in said
    folder = lab.only_run()
    assert said.endswith(f"\nRun: mmexp train resume={folder.path}\n")
    assert [step_of(path) for path in listed(folder.checkpoints, "last") if is_intact(path)] == [4]


def test_a_disk_that_is_full_from_the_start_is_refused_and_left_as_it_was(lab, small_disk, capsys):
    disk = small_disk(64)
    (disk / "full").write_bytes(bytes(64 << 10))
    lab.overrides[-1] = f"outputs={disk}"
    assert train(lab, "name=a") == 5
    said = capsys.readouterr().err
    assert "must have room for" in said and "got 0 bytes free" in said and "Traceback" not in said
    assert not list((disk / "a").iterdir())


def test_without_room_for_metrics_alone_training_goes_on_and_writes_them_later(lab, monkeypatch, file_limit):
    with ExitStack() as stack:

        def fill() -> None:
            with lab.only_run().metrics.open("ab") as file:
                file.write(bytes(200_000) + b"\n")
            stack.enter_context(file_limit(200_000))

        during(monkeypatch, ExperimentModule, "training_step", fill, call=5)
        during(monkeypatch, CheckpointCallback, "on_train_end", stack.close)
        folder = lab.train()
    assert record_of(folder)["status"] == "done"
    assert lab.said.count("Warning: the disk is full") == 1
    assert [row["step"] for row in read_metrics(folder.metrics)] == [2, 4, 4, 6, 8, 8, 10, 12, 12]


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_built(lab, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(Manifest, "prepare", lambda self: pytest.fail("too late"))
    assert train(lab, f"outputs={tmp_path}/file/outputs") == 2
    assert "outputs must be a folder that can be written to" in capsys.readouterr().err


KEYED = """
import logging, warnings
from mmexp.dataset.manifest import Manifest

class Keyed(Manifest):
    def __init__(self, *, root: str, api_key: str, crash: bool = False) -> None:
        super().__init__(root=root)
        self.api_key, self.crash = api_key, crash

    def prepare(self, *arguments) -> None:
        logging.getLogger("keyed").warning("connected with %s", self.api_key)
        warnings.warn(f"old key {self.api_key}", UserWarning)
        if self.crash:
            raise RuntimeError(f"key {self.api_key} is not known")
        super().prepare(*arguments)
"""


@pytest.mark.parametrize("given", ["open-sesame-for-me", "${oc.env:MMEXP_TEST_VALUE}"])
@pytest.mark.parametrize("crash", [False, True])
def test_a_secret_is_in_no_file_of_the_run(lab, tmp_path, monkeypatch, capsys, given, crash):
    (tmp_path / "keyed_data.py").write_text(KEYED)
    monkeypatch.setenv("MMEXP_TEST_VALUE", "open-sesame-for-me")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "keyed_data", raising=False)
    words = ["plugins=[keyed_data]", "dataset._target_=keyed_data.Keyed", f"dataset.api_key={given}"]
    code = train(lab, *words, f"dataset.crash={crash}", "training.epochs=1")
    files = [path for path in lab.only_run().path.rglob("*") if path.is_file()]
    assert code == int(crash) and len(files) > (2 if crash else 10)
    assert [path for path in files if b"open-sesame" in path.read_bytes()] == []
    assert "connected with REDACTED" in lab.only_run().log.read_text()
    said = capsys.readouterr()
    assert "open-sesame" not in said.out + said.err


def test_nothing_of_the_libraries_reaches_the_terminal(lab, capfd):
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    handler = logging.StreamHandler()
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
    try:
        assert train(lab) == 0
        assert all(logger.handlers == [handler] and not logger.propagate for logger in loggers)
    finally:
        for logger, (handlers, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
    out, err = capfd.readouterr()
    assert err == ""
    for noise in ("GPU available", "Tip", "litlogger", "weights_only", "Seed set", "Trainer.fit", "Warning"):
        assert noise not in out
    assert "GPU available" in lab.only_run().log.read_text()


def test_the_folder_is_reported_as_soon_as_it_is_there(lab):
    from rich.console import Console

    from mmexp.config.compose import compose

    reported: list[RunFolder] = []
    folder = run_training.run_training(
        compose(lab.overrides), ["mmexp"], Console(file=lab.screen), started=lambda f: reported.append(f)
    )
    assert reported == [folder]


def test_what_was_typed_and_chosen_is_on_record(lab):
    folder = lab.train("seed=3", "inputs=[image]")
    assert record_of(folder)["command"][-2:] == ["seed=3", "inputs=[image]"] and record_of(folder)["seed"] == 3
    config = json.loads(folder.summary.read_text())["config"]
    assert config["seed"] == 3 and config["inputs"] == ["image"] and config["fusion"] == "concat"
    assert "facts:" in folder.config.read_text()


def start(*words: str, **env: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mmexp", "train", *words]
    settings = {**os.environ, "OMP_NUM_THREADS": "1", **env}
    return subprocess.Popen(
        command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    )


def wait_for_step(lab: Any, least: int, process: subprocess.Popen[str]) -> RunFolder:
    """Wait until a checkpoint of a step, or of a later one, is there."""
    for _ in range(6000):
        found = runs(lab.overrides[-1].removeprefix("outputs="))
        if found and any(step_of(path) >= least for path in listed(found[0].checkpoints, "last")):
            return found[0]
        if process.poll() is not None:
            pytest.fail(f"ended with {process.returncode}: {process.communicate()}")
        time.sleep(0.01)
    pytest.fail("no checkpoint within a minute")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_process_that_is_asked_to_stop_exits_as_shells_expect(lab, number, code, workers):
    with start(*lab.overrides, "training.epochs=2000", f"hardware.num_workers={workers}") as process:
        folder = wait_for_step(lab, 1, process)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, (out, err)
    assert record_of(folder)["status"] == "stopped" and not folder.lock.exists()
    assert err.endswith(f"with its state saved.\nRun: mmexp train resume={folder.path}\n")
    assert is_intact(listed(folder.checkpoints, "last")[0])


LATER = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("reading the config", "checking data", "building the model", "training", "epoch 1", "evaluating val",
                 "evaluating test", "drawing plots")
]  # fmt: skip


@pytest.mark.parametrize("phase", ["loading torch", *LATER])
def test_an_interrupt_in_any_phase_exits_with_130_and_leaves_a_sound_folder_or_none(lab, phase):
    with start(*lab.overrides) as process:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith(phase):
            assert line, f"ended with {process.wait()} before {phase}: {process.communicate()}"
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    for folder in runs(lab.overrides[-1].removeprefix("outputs=")):
        assert record_of(folder)["status"] == "stopped" and folder.config.exists() and not folder.lock.exists()
        assert err.endswith(f"Run: mmexp train resume={folder.path}\n")


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_kill_at_any_moment_costs_at_most_one_step(lab):
    draw = random.Random(0)
    overrides = [*lab.overrides, "scheduler=constant", "training.checkpoint_every=1", "training.log_every=1"]
    words, reached = [*overrides, "training.epochs=4000"], 0
    for _ in range(KILLS):
        with start(*words) as process:
            folder = wait_for_step(lab, reached + 1, process)
            assert not [path for path in folder.path.rglob(f"{TEMP}*") if f"-{process.pid}-" not in path.name]
            time.sleep(draw.random())
            process.kill()
        assert manifest.status(folder) == "killed"
        newest = next(path for path in listed(folder.checkpoints, "last") if is_intact(path))
        reached, logged = step_of(newest), read_metrics(folder.metrics)[-1]["step"]
        assert 0 <= logged - reached <= 1
        words = [f"resume={folder.path}"]
    with start(*words) as process:
        wait_for_step(lab, reached + 1, process)
        process.terminate()
        assert process.wait(60) == 143
    epochs = reached // 4
    lab.overrides[-1] += "-whole"
    whole = lab.train(*overrides[len(lab.overrides) :], f"training.epochs={epochs}")
    assert rows(whole) == [row for row in rows(folder) if row["step"] <= 4 * epochs]


def rows(folder: RunFolder) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "time"} for row in read_metrics(folder.metrics)]


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_save_leaves_the_previous_checkpoint(lab, monkeypatch):
    during(monkeypatch, ExperimentModule, "training_step", send(signal.SIGTERM), call=6)
    with pytest.raises(Stopped):
        lab.train()
    folder = lab.only_run()
    before = {path: path.read_bytes() for path in folder.checkpoints.iterdir()}
    with start(f"resume={folder.path}", MMEXP_FAULT="checkpoint.half_written:kill") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, (out, err)
    left = list(folder.checkpoints.glob(f"{TEMP}*"))
    assert len(left) == 1
    assert {path: path.read_bytes() for path in folder.checkpoints.iterdir() if path not in left} == before
    assert manifest.status(folder) == "killed"
    assert record_of(lab.resume(folder))["status"] == "done"
    assert not list(folder.path.rglob(f"{TEMP}*"))


def test_the_first_lines_say_what_each_column_is_what_training_lacks_and_what_is_cut(lab, tmp_path: Path):
    table = Path(lab.overrides[-2].removeprefix("dataset.root=")) / "manifest.jsonl"
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    (tmp_path / "data").mkdir()
    for n, row in enumerate(rows):
        row |= {"text": "so " * (9 if n % 3 else 4), "label": " r" if row["label"] == "r" else row["label"]}
        row["label"] = "x" if n == len(rows) - 1 else row["label"]
        del row["image"]
    (tmp_path / "data/manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = lab.train(f"dataset.root={tmp_path / 'data'}", "encoder.text.max_length=8", "training.epochs=1")
    assert re.search(r"label +label +label +4: b, g, r, x +0 +r", lab.said)
    assert "note: label: 1 of 6 rows of test are of classes that training lacks, and count as wrong: x (1)" in lab.said
    cut = "note: text: 8 of 12 values of train are longer than 8 and are cut; encoder.text.max_length=11 keeps all"
    assert cut in lab.said
    cuts = json.loads(folder.facts.read_text())["cuts"]
    assert [(one["split"], one["cut"], one["values"]) for one in cuts] == [
        ("train", 8, 12),
        ("val", 4, 6),
        ("test", 4, 6),
    ]


ODD_TEXTS = [
    "so \ud800 lone",
    "a\0b",
    "\u05e9\u05dc\u05d5\u05dd \u202eolleh",
    "\U0001f469\u200d\U0001f680",
    "नीली",
    "long " * 100,
]


def test_any_text_is_trained_on_and_what_is_cut_or_empty_is_counted(lab: Any, tiny: Path, tmp_path: Path) -> None:
    rows = [
        {"id": f"{split}{n}", "image": f"{n}.png", "text": text, "captions": [text], "split": split}
        for split in ("train", "val", "test")
        for n, text in enumerate(ODD_TEXTS)
    ]
    rows[5]["captions"] = ["long " * 200_000]  # a megabyte
    rows += [{**rows[0], "id": "no text", "text": ""}, {**rows[0], "id": "no caption", "captions": ""}]
    (tmp_path / "odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for n in range(len(ODD_TEXTS)):
        shutil.copy(tiny / f"{n}.png", tmp_path)
    data = [f"dataset.root={tmp_path}", "dataset.manifest=odd.jsonl", "dataset.on_leak=warn", "dataset.on_error=skip"]
    folder = lab.train(*data, "task=captioning", "fusion=attention", "training.epochs=1")
    facts = json.loads(folder.facts.read_text())
    assert record_of(folder)["status"] == "done" and facts["sizes"] == {"train": 7, "val": 6, "test": 6}
    cuts = {(cut["name"], cut["split"]): (cut["cut"], cut["longest"]) for cut in facts["cuts"]}
    assert cuts["captions", "train"] == (1, 200_002) and cuts["text", "test"] == (1, 102)
    assert len(cuts) == 6
    assert [json.loads(line)["id"] for line in folder.skipped.read_text().splitlines()] == ["no caption"]
