"""Measure ``mmexp compare`` over many runs against ``import torch``, and against mlflow's search over as many.

    python scripts/bench/bench_compare.py [--only C1,C2] [--quick] [--json FILE]

C1: 1,000 runs without an index. C2, C3: 10,000 runs without and with it. C4: mlflow on sqlite, as many runs as C3, if
mlflow is installed. The runs are made up and lie in a temporary folder; files are in the cache of the system.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench_start import process
from harness import Cost, Pair, cells, line
from report import Benches, Report, arguments, ratios

from mmexp.run.index import NAME

FEW, MANY = 1_000, 10_000
SEEDS, FUSIONS = 10, 20  # a row of the table is ten runs
METRICS = ("accuracy", "auroc", "ece", "f1", "f1_macro", "f1_micro", "loss")
GROUPS = (
    "encoder/image",
    "encoder/text",
    "encoder/audio",
    "encoder/vector",
    "missing",
    "optimizer",
    "scheduler",
    "method",
)
SEARCH = """
from mlflow import MlflowClient
found = MlflowClient({uri!r}).search_runs(["0"], order_by=["metrics.`test/accuracy` DESC"], max_results={count})
raise SystemExit(len(found) != {count})
"""


def few(quick: bool) -> Iterator[Pair]:
    """The first look at 1,000 runs."""
    yield from _compared("C1", FEW // (10 if quick else 1), 1.0, indexed=False)


def many(quick: bool) -> Iterator[Pair]:
    """The first look at 10,000 runs."""
    yield from _compared("C2", MANY // (10 if quick else 1), 6.0, indexed=False)


def again(quick: bool) -> Iterator[Pair]:
    """Any further look at 10,000 runs."""
    yield from _compared("C3", MANY // (10 if quick else 1), 1.0, indexed=True)


def mlflow(quick: bool) -> Iterator[Pair]:
    """The search of mlflow over 10,000 runs, which reads what a table needs, and prints nothing."""
    if not find_spec("mlflow"):
        return
    count = MANY // (10 if quick else 1)
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Path(folder), count)
        uri = f"sqlite:///{folder}/mlflow.db"
        make_mlflow_runs(uri, Path(folder) / "mlflow.db", count)
        code = SEARCH.format(uri=uri, count=count)
        yield _pair("C4", Path(folder), True, f"mlflow search, {count:,} runs", ["-c", code], 1.0)


def _compared(id: str, count: int, bound: float, indexed: bool) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as outputs:
        make_runs(Path(outputs), count)
        yield _pair(id, Path(outputs), indexed, "import torch", ["-c", "import torch"], bound)


def _pair(id: str, outputs: Path, indexed: bool, reference: str, words: list[str], bound: float) -> Pair:
    ours = ["-m", "mmexp", "compare", "--outputs", str(outputs)]

    def compare() -> Cost:
        if not indexed:
            (outputs / NAME).unlink(missing_ok=True)
        return process(ours)[0]

    if any(process(one)[1] for one in (ours, words)):
        raise AssertionError(f"{reference} and mmexp compare must succeed.")
    number = sum(1 for _ in (outputs / "made-up").iterdir())
    what = f"compare, {number:,} runs{', index' if indexed else ''}"
    return Pair(id, what, reference, bound, compare, lambda: process(words)[0])


def make_runs(outputs: Path, count: int) -> None:
    """Write runs that were never trained, as large as those of the digits, seed after seed."""
    draw = random.Random(0)
    packages = {f"package-{number}": "1.0" for number in range(200)}
    record = {"status": "done", "resumed": [], "packages": packages, "git": {"dirty": False, "diff": ""}}
    for number in range(count):
        folder = outputs / "made-up" / f"20260101-{number:06d}-{number % 65536:04x}"
        folder.mkdir(parents=True)
        (folder / "summary.json").write_text(json.dumps(made_up(number, draw), indent=2))
        (folder / "manifest.json").write_text(json.dumps(record, indent=2))
    time.sleep(2.5)  # what changed within the last seconds is not indexed


def made_up(number: int, draw: random.Random) -> dict[str, Any]:
    """Return the summary of one run."""
    names = [f"{split}/{metric}" for split in ("val", "test") for metric in METRICS]
    fusion, rate = number // SEEDS % FUSIONS, number // SEEDS // FUSIONS
    given = {"inputs": ["image", "text"] if fusion else ["image"], "seed": number % SEEDS}
    chosen = {"task": "classification", "dataset": "manifest", "fusion": f"fusion{fusion}", "optimizer.lr": rate / 1000}
    return {
        "status": "done",
        "monitor": "val/accuracy",
        "mode": "max",
        "metrics": {name: draw.random() for name in names},
        "directions": {name: "min" if name.endswith(("ece", "loss")) else "max" for name in names},
        "parameters": {"total": 12345, "trained": 12345},
        "seconds": {"train": 61.0},
        "config": {**dict.fromkeys(GROUPS, "default"), **chosen, **given},
        "fingerprint": "0",
    }


def make_mlflow_runs(uri: str, path: Path, count: int) -> None:
    """Log one run with mlflow, then copy its rows: mlflow itself would need minutes."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client, draw = MlflowClient(uri), random.Random(0)
    first, now = made_up(0, draw), int(time.time() * 1000)
    run = client.create_run("0").info.run_id
    metrics = [Metric(key, value, now, 0) for key, value in first["metrics"].items()]
    client.log_batch(run, metrics, [Param(key, str(value)) for key, value in first["config"].items()])
    client.set_terminated(run)
    with sqlite3.connect(path) as database:
        for table in ("runs", "params", "metrics", "latest_metrics", "tags"):
            known = database.execute(f"select * from {table} where run_uuid = ?", [run])
            place = [column[0] for column in known.description].index("run_uuid")
            rows = known.fetchall()
            marks = ", ".join("?" * len(known.description))
            copies = ([*row[:place], f"{number:032x}", *row[place + 1 :]] for number in range(1, count) for row in rows)
            database.executemany(f"insert into {table} values ({marks})", copies)


BENCHES: Benches = {"C1": few, "C2": many, "C3": again, "C4": mlflow}


def main() -> int:
    """Run the benchmarks asked for; print and store each row when it is measured."""
    os.environ["COLUMNS"] = "160"
    given = arguments("Measure mmexp compare over many runs.", list(BENCHES), "outputs/bench_compare.json")
    with Report(given.json, ["rows"]) as report:
        for row in ratios(BENCHES, given.only, given.quick, once=list(BENCHES)):
            report.add("rows", row, line(cells(row)))
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
