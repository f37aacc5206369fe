"""Kill a sweep, its parent or one of its jobs, at random moments, resume it, and compare it with an undisturbed one.

    python scripts/tools/kill_sweep.py --jobs 24 --kills 20 [--seed 0] [--folder FOLDER] [--undisturbed FOLDER] [WORD..]

The words choose a launcher for the sweep that is killed: ``launcher=slurm launcher.cluster=local launcher.wait=true``,
or ``launcher=ray``, of which a worker of the cluster is killed in place of a job every other time.

Prints what was killed when, and at the end one line per property; exits with 1 if one does not hold: the same metrics,
no run but those of the jobs, nothing that was done is touched again, no process and no temporary file is left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from mmexp.run.sweep import SweepFolder, sweeps

WORDS = ["task=regression", "inputs=[image,text]", "dim=16", "dataset.sizes=[64,8,8]", "dataset.image_size=32"]
WORDS += ["dataset.cache=null", "hardware=cpu", "training.epochs=4", "training.batch_size=8"]
WORDS += ["training.checkpoint_every=2", "fusion=sum,concat,gated", "launcher.workers=2"]
MARK = "MMEXP_KILL_SWEEP"


def mmexp(*words: str) -> subprocess.Popen[bytes]:
    """Start a command whose processes can be found again by their environment."""
    env = {**os.environ, MARK: str(os.getpid())}
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "mmexp", *words], env=env, stdout=quiet, stderr=quiet)


def processes() -> list[int]:
    """Processes that a command of ours has started and that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={os.getpid()}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def results(sweep: SweepFolder) -> dict[str, object]:
    """Metrics by the overrides of each job that is done."""
    done = [job for job in sweep.jobs if job.state().status == "done" and job.run]
    return {job.frozen["label"]: json.loads(job.run.summary.read_text())["metrics"] for job in done if job.run}


def finished(outputs: Path) -> dict[Path, int]:
    """When each summary was written."""
    return {path: path.stat().st_mtime_ns for path in outputs.glob("*/*/summary.json")}


def disturb(outputs: Path, words: list[str], kills: int, generator: random.Random) -> tuple[SweepFolder, list[Path]]:
    """Train a sweep that is killed so many times; return it and the finished runs that were touched again."""
    parent, killed, before, touched = mmexp("train", "-m", *words), 0, dict[Path, int](), list[Path]()
    while True:
        if killed < kills and generator.random() < 0.8:  # most moments are those in which jobs run
            while parent.poll() is None and not running(outputs):
                time.sleep(0.1)
        time.sleep(generator.uniform(0.0, 5.0) if killed < kills else 0.5)
        now = finished(outputs)
        touched += [path for path, when in before.items() if now.get(path) != when]
        before, found = now, sweeps(outputs)
        over = bool(found) and found[0].is_over()
        if parent.poll() is None and killed < kills and not over:
            jobs = running(outputs)
            victim = generator.choice(jobs) if jobs and generator.random() < 0.5 else parent.pid
            if victim != parent.pid and generator.random() < 0.5:
                victim = remote_worker(victim, parent.pid)
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                killed += 1
                what = "parent" if victim == parent.pid else "job" if victim in jobs else "worker"
                print(f"kill {killed}: {what}, {len(now)} runs done", flush=True)
        if parent.poll() is not None:
            if over:
                return found[0], touched
            parent = mmexp(*(["sweep", "resume", str(found[0].path)] if found else ["train", "-m", *words]))


def running(outputs: Path) -> list[int]:
    """Processes of the jobs that run."""
    jobs = [job for sweep in sweeps(outputs) for job in sweep.jobs if job.state().status == "running"]
    return [int(job.attempts[-1].holder["pid"]) for job in jobs]


def remote_worker(pid: int, stranger: int) -> int:
    """The process of a cluster that has started a job; the job itself if the sweep has started it."""
    above = [pid]
    while len(above) < 3:
        try:
            above.append(int(Path(f"/proc/{above[-1]}/stat").read_text().rpartition(")")[2].split()[1]))
        except OSError:
            return pid
    return pid if above[-1] == stranger else above[-1]


def main() -> int:
    """Run both sweeps and compare them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=24)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--undisturbed", type=Path, help="outputs of an undisturbed sweep of the same jobs")
    parser.add_argument("words", nargs="*", metavar="WORD")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    words = [*WORDS, f"seed=range(0,{given.jobs // 3})"]
    undisturbed = given.undisturbed or folder / "undisturbed"
    if not given.undisturbed and mmexp("train", "-m", *words, f"outputs={undisturbed}").wait():
        print("The undisturbed sweep has failed.")
        return 1
    disturbed = folder / "disturbed"
    changed = [*words, f"outputs={disturbed}", *given.words]
    sweep, touched = disturb(disturbed, changed, given.kills, random.Random(given.seed))
    deadline = time.monotonic() + 30
    while (left := processes()) and time.monotonic() < deadline:
        time.sleep(0.5)
    expected, got = results(sweeps(undisturbed)[0]), results(sweep)
    folders = [path for path in disturbed.glob("*/*") if path.parent.name != sweep.id and path.parent.name[0] != "."]
    temporary = list(disturbed.rglob(".tmp-*"))
    attempts = sum(len(job.attempts) for job in sweep.jobs)
    properties = {
        f"{len(got)} of {len(expected)} jobs done, with the same metrics": got == expected and len(got) == given.jobs,
        f"{len(folders)} run folders": len(folders) == given.jobs,
        f"{len(touched)} finished runs touched again": not touched,
        f"{len(left)} processes left": not left,
        f"{len(temporary)} temporary files left": not temporary,
    }
    print(f"{attempts} attempts of {len(sweep.jobs)} jobs in {folder}")
    for text, holds in properties.items():
        print(f"{'OK' if holds else 'NOT OK'}: {text}")
    return int(not all(properties.values()))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    try:
        sys.exit(main())
    finally:
        for pid in processes():
            if pid != os.getpid():
                os.kill(pid, signal.SIGKILL)
