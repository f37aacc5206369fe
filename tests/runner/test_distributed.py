from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from scipy.io import wavfile

from mmexp.cli import main
from mmexp.config.compose import load_config
from mmexp.error import MmexpError, Stopped
from mmexp.run.checkpoints import is_intact, listed
from mmexp.run.folder import RunFolder, runs
from mmexp.run.metrics import read_metrics
from mmexp.run.provenance import status
from mmexp.run.summary import read
from mmexp.runner import distributed as module
from mmexp.runner.distributed import run_distributed
from mmexp.runner.run import train as train_alone

ERRANDS = """
import multiprocessing, os, signal, time
from pathlib import Path
from mmexp.error import NumericsError

def meet(report, folder, fates=()):
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    fate = dict(fates).get(rank)
    Path(folder, f"rank{rank}").write_text(str(os.getpid()))
    if fate == "sleeps":
        time.sleep(60)
    if fate == "lasts":
        import torch.distributed as dist
        dist.init_process_group("gloo")
        os.kill(multiprocessing.parent_process().pid, signal.SIGINT) if rank == 1 else None
        time.sleep(60)
    if fate == "diverges":
        raise NumericsError("loss must be finite, got nan.", hint="Set a lower optimizer.lr.")
    if fate == "raises":
        raise ValueError("boom")
    if fate == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "hands over":
        return
    import torch, torch.distributed as dist
    dist.init_process_group("gloo")
    total = torch.tensor([float(rank)])
    dist.all_reduce(total)
    Path(folder, f"sum{rank}").write_text(f"{total.item():g} of {world}")
    dist.destroy_process_group()
"""

PARTS = """
import multiprocessing, os, signal, time
from pathlib import Path
from mmexp.task.classification import Classification

class Faulty(Classification):
    \"\"\"Fails in its second training step, on rank 1.\"\"\"

    steps = 0

    def losses(self, outputs, batch):
        fate, rank = os.environ["FATE"], os.environ.get("RANK")
        if self.training and rank:
            Path(os.environ["PIDS"], rank).write_text(str(os.getpid()))
            self.steps += 1
            time.sleep(0.1 if fate in ("SIGTERM", "SIGINT", "orphan") else 0)
        if self.training and rank == "1" and self.steps == 2:
            if fate == "raise":
                raise RuntimeError("boom")
            if fate == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if fate == "sleep":
                time.sleep(60)
            if fate in ("SIGTERM", "SIGINT"):
                os.kill(multiprocessing.parent_process().pid, getattr(signal, fate))
            if fate == "orphan":
                os.kill(multiprocessing.parent_process().pid, signal.SIGKILL)
        return super().losses(outputs, batch)
"""

TWO = [
    "hardware=ddp",
    "hardware.devices=2",
    "hardware.accelerator=cpu",
    "hardware.precision=32-true",
    "hardware.num_workers=0",
]
EXACT = [
    "optimizer=sgd",
    "optimizer.lr=0.1",
    "encoder.audio.widths=[4,8]",
    "encoder.audio.num_mels=8",
    "encoder.audio.dropout=0",
    "task.dropout=0",
    "training.batch_size=5",
    "training.log_every=1",
]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("modules")
    (folder / "launch_errands.py").write_text(ERRANDS)
    (folder / "launch_parts.py").write_text(PARTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        import launch_errands  # type: ignore[import-not-found]

        yield launch_errands


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 1.0)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before the open, or before the read
        return False


def nobody_is_left(folder: Path) -> bool:
    return not any(is_alive(int(path.read_text())) for path in folder.iterdir())


def test_ranks_find_one_another(modules: Any, tmp_path: Path):
    run_distributed(modules.meet, (tmp_path,), world=3, timeout=30)
    assert [(tmp_path / f"sum{rank}").read_text() for rank in range(3)] == ["3 of 3"] * 3


@pytest.mark.parametrize(
    ("fate", "match", "exit_code"),
    [
        ("raises", r"^Rank 1: ValueError: boom\nTraceback(.|\n)*in meet(.|\n)*ValueError: boom$", 1),
        ("is killed", r"^Rank 1: Its process was ended by SIGKILL\.$", 1),
        ("diverges", r"^loss must be finite, got nan\.$", 4),
    ],
)
def test_the_first_rank_to_fail_says_why_and_the_others_end(
    modules: Any, tmp_path: Path, fate: str, match: str, exit_code: int
):
    with pytest.raises(MmexpError, match=match) as raised:
        run_distributed(modules.meet, (tmp_path, {1: fate}), world=2, timeout=60)
    assert raised.value.exit_code == exit_code
    assert raised.value.hint == ("Set a lower optimizer.lr." if fate == "diverges" else "")
    assert nobody_is_left(tmp_path)


def test_a_rank_that_does_not_end_after_the_others_is_killed(modules: Any, tmp_path: Path):
    with pytest.raises(MmexpError, match=r"^Rank 1: It did not end within 0\.5 s of another rank\."):
        run_distributed(modules.meet, (tmp_path, {0: "hands over", 1: "sleeps"}), world=2, timeout=0.5)
    assert nobody_is_left(tmp_path)


def test_asked_to_stop_it_stops_all_ranks(modules: Any, tmp_path: Path):
    with pytest.raises(Stopped) as stop:
        run_distributed(modules.meet, (tmp_path, {0: "lasts", 1: "lasts"}), world=2, timeout=60)
    assert stop.value.exit_code == 130
    assert nobody_is_left(tmp_path)


@pytest.fixture
def train(
    lab: Any, modules: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, RunFolder, str]]:
    """Train on two processes, of which rank 1 meets its fate; gives exit code, run and what was said."""
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    (tmp_path / "pids").mkdir()

    def run(fate: str, *overrides: str) -> tuple[int, RunFolder, str]:
        monkeypatch.setenv("FATE", fate)
        faulty = ["plugins=[launch_parts]", "task._target_=launch_parts.Faulty"]
        code = main(["train", *lab.overrides, *TWO, *faulty, "training.epochs=2", *overrides])
        assert nobody_is_left(tmp_path / "pids")
        return code, lab.only_run(), capfd.readouterr().err

    return run


def test_an_exception_in_one_rank_ends_the_run_and_is_shown(
    train: Callable[..., tuple[int, RunFolder, str]], tmp_path: Path
):
    code, folder, said = train("raise")
    assert code == 1
    assert time.time() - (tmp_path / "pids/1").stat().st_mtime < 30
    assert "Rank 1: RuntimeError: boom" in said and "in losses" in said
    assert "Rank 0" not in said and "Connection" not in said
    assert status(folder) == "failed"
    assert "in losses" in folder.log.read_text()


def test_a_killed_rank_ends_the_run_and_leaves_the_last_checkpoint(train: Callable[..., tuple[int, RunFolder, str]]):
    code, folder, said = train("kill", "training.checkpoint_every=1")
    assert (code, status(folder)) == (1, "failed")
    assert "Rank 1: Its process was ended by SIGKILL." in said
    assert [is_intact(path) for path in listed(folder.checkpoints, "last")] == [True]


@pytest.mark.slow
def test_a_rank_that_sleeps_ends_the_run_within_the_timeout(
    train: Callable[..., tuple[int, RunFolder, str]], tmp_path: Path
):
    code, folder, said = train("sleep", "hardware.timeout=2")
    assert (code, status(folder)) == (1, "failed")
    assert time.time() - (tmp_path / "pids/1").stat().st_mtime < 30
    assert re.search(r"^Rank 0: RuntimeError: .*[Tt]imed? ?out", said, re.MULTILINE)


@pytest.mark.parametrize(("name", "exit_code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_in_mid_step_saves_one_state_that_can_be_resumed(
    train: Callable[..., tuple[int, RunFolder, str]], monkeypatch: pytest.MonkeyPatch, name: str, exit_code: int
):
    code, folder, said = train(name)
    assert (code, status(folder)) == (exit_code, "stopped")
    (saved,) = listed(folder.checkpoints, "last")
    assert is_intact(saved) and "with its state saved" in said
    monkeypatch.setenv("FATE", "none")
    assert main(["train", f"resume={folder.path}", "plugins=[launch_parts]"]) == 0
    assert status(folder) == "done"
    assert [row["step"] for row in read_metrics(folder.metrics) if "val/loss" in row] == [4, 8]


def weights(folder: RunFolder) -> dict[str, Any]:
    import torch

    return torch.load(listed(folder.checkpoints, "last")[0], weights_only=True)["state_dict"]


def rows(folder: RunFolder, split: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in folder.predictions(split).read_text().splitlines()]


def same_run(one: RunFolder, two: RunFolder) -> None:
    """Same weights, metrics and predictions, up to rounding."""
    first, second = weights(one), weights(two)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert second[name].numpy() == pytest.approx(value.numpy(), abs=1e-5), name
    for before, after in zip(read_metrics(one.metrics), read_metrics(two.metrics), strict=True):
        keys = before.keys() - {"time"}
        assert {key: after[key] for key in keys} == pytest.approx({key: before[key] for key in keys}, abs=1e-5)
    for split in ("val", "test"):
        for before, after in zip(rows(one, split), rows(two, split), strict=True):
            assert (after["id"], after["target"]) == (before["id"], before["target"])
            assert after["scores"] == pytest.approx(before["scores"], abs=1e-5)


@pytest.fixture
def other_split(tiny: Path) -> Callable[..., str]:
    """An override: other sizes of train, val and test."""

    def split(lacking: int | None = None, audio: bool = False, **sizes: int) -> str:
        table = [json.loads(line) for line in (tiny / "manifest.jsonl").read_text().splitlines()]
        names = [name for name, size in sizes.items() for _ in range(size)]
        rows = [row | {"split": name} for row, name in zip(table, names, strict=False)]
        if lacking is not None:
            del rows[lacking]["text"]
        for number, row in enumerate(rows if audio else []):
            row["audio"] = f"{number}.wav"
            noise = np.random.default_rng(number).integers(-9000, 9000, 800 + 100 * number, dtype=np.int16)
            wavfile.write(tiny / row["audio"], 8000, noise)
        path = tiny / f"{'-'.join(map(str, sizes.values()))}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return f"dataset.manifest={path.name}"

    return split


def test_two_processes_train_what_one_does(
    lab: Any, tmp_path: Path, other_split: Callable[..., str], capfd: pytest.CaptureFixture[str]
):
    """With batch norms and audio of any length, of which nothing can be shared evenly.

    Neither 5, 5 and 2 samples to train on nor 5 and 7 to measure, nor the one without text.
    """
    parts = [*EXACT, other_split(train=12, val=5, test=7, lacking=20, audio=True)]
    one = lab.train(*parts)
    assert main(["train", *lab.overrides, *parts, *TWO, f"outputs={tmp_path / 'two'}"]) == 0
    said, failed = capfd.readouterr()
    assert "best by val/accuracy" in said and failed == ""
    (two,) = runs(tmp_path / "two")
    assert status(two) == "done"
    assert [len(rows(two, split)) for split in ("val", "test")] == [5, 7]
    same_run(one, two)
    alone, shared = (read(run)["availability"]["test"] for run in (one, two))
    assert {name: found["samples"] for name, found in shared.items()} == {"image+audio+text": 6, "image+audio": 1}
    for name, found in alone.items():
        assert shared[name]["metrics"] == pytest.approx(found["metrics"], abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "task",
    [
        ["task=captioning", "fusion=attention", "dataset.targets.captions=text", "inputs=[image]"],
        ["task=retrieval", "inputs=[image,text]"],
    ],
    ids=["captioning", "retrieval"],
)
def test_two_processes_measure_what_one_does(lab: Any, other_split: Callable[..., str], task: list[str]):
    """The loss of retrieval, which depends on what lies together in a batch, is left out."""
    assert main(["train", *lab.overrides, *TWO, other_split(train=12, val=5, test=7), *task]) == 0
    two = lab.only_run()
    found, answers = json.loads(two.summary.read_text())["metrics"], rows(two, "test")
    train_alone(load_config(two.config, ["hardware.devices=1"]), two, Console(quiet=True))
    expected = json.loads(two.summary.read_text())["metrics"]
    names = [name for name in expected if "loss" not in name or "captioning" in task[0]]
    assert {name: found[name] for name in names} == pytest.approx({n: expected[n] for n in names}, abs=1e-6)
    assert [row["id"] for row in answers] == [row["id"] for row in rows(two, "test")]


def test_more_processes_than_samples_are_refused(
    lab: Any, other_split: Callable[..., str], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert main(["train", *lab.overrides, *TWO, other_split(train=12, val=1, test=4)]) == 2
    assert "hardware.devices must be at most the 1 samples of val, got 2" in capsys.readouterr().err
    assert not runs(tmp_path / "outputs")


@pytest.mark.slow
def test_ddp_as_its_file_has_it_but_without_gpus(lab: Any, other_split: Callable[..., str]):
    """With loader processes, in bfloat16; the eleventh sample is left out of each epoch, which is said."""
    parts = [other_split(train=11, val=2, test=3), "training.batch_size=5", "hardware=ddp", "hardware.accelerator=cpu"]
    assert main(["train", *lab.overrides, *parts]) == 0
    folder = lab.only_run()
    assert [len(rows(folder, split)) for split in ("val", "test")] == [2, 3]
    assert [row["step"] for row in read_metrics(folder.metrics) if "val/loss" in row] == [2, 4, 6]


@pytest.mark.slow
def test_ranks_end_when_their_starter_is_killed(
    lab: Any, modules: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FATE", "orphan")
    monkeypatch.setenv("PIDS", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(modules.__file__).parent))
    faulty = ["plugins=[launch_parts]", "task._target_=launch_parts.Faulty", "training.epochs=100"]
    words = [*lab.overrides, *TWO, *faulty, f"outputs={tmp_path / 'outputs'}"]
    done = subprocess.run([sys.executable, "-m", "mmexp", "train", *words], capture_output=True, timeout=280)
    assert done.returncode == -signal.SIGKILL
    (folder,) = runs(tmp_path / "outputs")
    assert status(folder) == "killed"
    deadline = time.monotonic() + 60
    while any(is_alive(int((tmp_path / rank).read_text())) for rank in "01"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert is_intact(listed(folder.checkpoints, "last")[0])
