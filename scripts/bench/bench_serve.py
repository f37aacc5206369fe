"""Load, kill and fuzz ``mmexp serve`` on loopback: wrong answers, latency, batching, memory, handles, recovery."""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, quantiles
from typing import Any

TOLERANCE = 1e-6
WHAT = ("predict", "contribution", "explain")
VIT_S = ["encoder/image=vit", "dim=384", "encoder.image.depth=12", "encoder.image.num_heads=6"]


@dataclass
class Load:
    """What clients have seen.

    Args:
        seconds: Of each answer.
        statuses: How often each status, or the name of an error, was the answer.
        wrong: Answers that differ from ``mmexp predict`` by more than TOLERANCE.
        wall: Seconds that all of it took.
        ends: When each answer came, by ``time.monotonic``.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    wall: float = 0.0
    ends: list[float] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        cuts = quantiles(self.seconds, n=20) if len(self.seconds) > 1 else [0.0] * 19
        return {
            "answers": dict(self.statuses),
            "wrong": self.wrong,
            "requests_per_second": round(len(self.seconds) / self.wall, 1),
            "p50_ms": round(1000 * cuts[9], 1),
            "p95_ms": round(1000 * cuts[18], 1),
        }


@dataclass
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    name: str

    def ask(
        self, body: bytes, kind: str = "application/json", method: str = "POST", what: str = "predict"
    ) -> tuple[int, bytes]:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(client):
            client.request(method, f"/v1/{self.name}/{what}", body, {"Content-Type": kind})
            answer = client.getresponse()
            return answer.status, answer.read()

    def processes(self) -> list[int]:
        """Ids of all its processes, the front first."""
        parents = dict(_parents())
        found = [self.process.pid]
        for one in found:
            found += [pid for pid, parent in parents.items() if parent == one]
        return found

    def workers(self) -> list[int]:
        """Those that hold the models: children of a child."""
        parents = dict(_parents())
        return [pid for pid, parent in parents.items() if parents.get(parent) == self.process.pid]

    def memory(self) -> int:
        """Resident bytes of all processes."""
        return sum(_memory(pid) for pid in self.processes())

    def handles(self) -> int:
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.processes())


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])


def _memory(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return 1024 * int(line.split()[1])
    return 0


@contextlib.contextmanager
def served(run: Path, outputs: Path, workers: int, batch: int, overrides: Sequence[str] = ()) -> Iterator[Served]:
    """Serve a run until the end of the block, which must end well."""
    words = ["--port", "0", "--workers", str(workers), "--max-batch", str(batch), "--outputs", str(outputs)]
    command = [sys.executable, "-m", "mmexp", "serve", f"bench={run}", "hardware=cpu", *overrides, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline() if process.stdout else ""
            yield Served(process, int(address.rpartition(":")[2].strip("/\n")), "bench")
            process.send_signal(signal.SIGTERM)
            print(f"exit code {process.wait(120)}")
        finally:
            process.kill()


def hammer(server: Served, asked: Sequence[tuple[bytes, Any]], clients: int, seconds: float) -> Load:
    """Let clients ask one request after another, each over a new connection."""
    load, lock, end = Load(), threading.Lock(), time.monotonic() + seconds

    def client(number: int) -> None:
        draw = random.Random(number)
        while time.monotonic() < end:
            body, wanted = draw.choice(asked)
            began = time.monotonic()
            try:
                status, text = server.ask(body)
                said, wrong = str(status), status == 200 and not agrees(json.loads(text), wanted)
            except OSError as fault:
                said, wrong = type(fault).__name__, False
            now = time.monotonic()
            with lock:
                load.seconds.append(now - began)
                load.ends.append(now)
                load.statuses[said] += 1
                load.wrong += wrong

    began = time.monotonic()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.wall = time.monotonic() - began
    return load


def agrees(found: Any, wanted: Any) -> bool:
    """Whether an answer is that of ``mmexp predict``, but for its id."""
    if isinstance(wanted, dict):
        keys = set(wanted) - {"id"}
        return isinstance(found, dict) and keys <= set(found) and all(agrees(found[k], wanted[k]) for k in keys)
    if isinstance(wanted, float):
        return isinstance(found, float) and abs(found - wanted) <= TOLERANCE
    return bool(found == wanted)


def during(
    work: Callable[[], Load], look: Callable[[], int], every: float = 1.0
) -> tuple[Load, list[tuple[float, int]]]:
    """Work, and look at a number meanwhile."""
    seen: list[tuple[float, int]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(every):
            seen.append((time.monotonic(), look()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        return work(), seen
    finally:
        done.set()
        thread.join()


def requests_of(run: Path, table: Path, number: int) -> list[tuple[bytes, Any]]:
    """Bodies of requests for rows of a table, and what ``mmexp predict`` says to each."""
    from mmexp.api.predict import predict
    from mmexp.config.facts import Facts

    facts = Facts.read(run)
    columns = {name: facts["columns"]["inputs"].get(name, name) for name in facts["inputs"]}
    found = []
    rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()[:number]]
    given = [{name: row[column] for name, column in columns.items() if row.get(column)} for row in rows]
    here = [{name: _path(table, value) or value for name, value in one.items()} for one in given]
    for one, wanted in zip(given, predict(run, *here, overrides=["hardware=cpu"]), strict=True):
        body = {name: _sent(table, value) for name, value in one.items()}
        found.append((json.dumps(body).encode(), json.loads(json.dumps(wanted, default=float))))
    return found


def _path(table: Path, value: Any) -> str:
    path = table.parent / value if isinstance(value, str) and len(value) < 200 else None
    return str(path) if path and path.is_file() else ""


def _sent(table: Path, value: Any) -> Any:
    path = _path(table, value)
    return {"base64": base64.b64encode(Path(path).read_bytes()).decode(), "name": path} if path else value


def make_run(folder: Path, large: bool) -> tuple[Path, Path]:
    """Train one epoch on noise: a small model, or one whose image encoder is as large as ViT-S."""
    import numpy as np
    from PIL import Image
    from rich.console import Console

    from mmexp.config.compose import compose
    from mmexp.runner.run import run_training

    draw, rows = np.random.default_rng(0), []
    for i in range(24):
        Image.fromarray(draw.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(folder / f"{i}.png")
        split = ("train", "val", "test")[i // 8]
        rows.append(
            {"id": str(i), "image": f"{i}.png", "text": f"a thing {i % 5}", "label": "ab"[i % 2], "split": split}
        )
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [
        "dataset=manifest",
        f"dataset.root={folder}",
        f"outputs={folder / 'outputs'}",
        "hardware=cpu",
        "training.epochs=1",
    ]
    words += ["encoder/text=embedding", "encoder.image.transform.image_size=64", *(VIT_S if large else ["dim=16"])]
    run = run_training(compose(words), ["mmexp", "train", *words], Console(file=sys.stderr))
    return run.path, folder / "manifest.jsonl"


def fuzz(server: Served, number: int) -> dict[str, Any]:
    """Send malformed requests; each must be answered 4xx, without a traceback, and the server must live."""
    draw, statuses, bad = random.Random(0), Counter[int](), []
    values: list[Any] = [None, 0, -1, 1e308, "", "a", "\0", "/etc/passwd", "http://127.0.0.1/", [], {}, [[]], True]
    for i in range(number):
        noise = draw.randbytes(draw.randrange(200))
        value = draw.choice(values)
        head = draw.choice([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x24\0\0\0WAVEfmt ", b"GIF89a", b"OggS", b""])
        packed = {"base64": base64.b64encode(head + noise).decode()}
        bodies = [
            (noise, "application/json"),
            (noise, "multipart/form-data; boundary=x"),
            (
                b'--x\r\nContent-Disposition: form-data; name="image"; filename="' + noise + b'"\r\n\r\nx\r\n--x--',
                "multipart/form-data; boundary=x",
            ),
            (json.dumps({"image": packed}).encode(), "application/json"),
            (json.dumps({"image": value, "txt": value}).encode(), "application/json"),
            (json.dumps(value).encode(), "application/json"),
            (noise, draw.choice(["", "text/plain", "application/json; charset=\xff"])),
        ]
        body, kind = bodies[i % len(bodies)]
        method, what = draw.choice(["POST", "POST", "POST", "PUT", "GET"]), draw.choice(WHAT)
        status, text = server.ask(body, kind, method, what)
        statuses[status] += 1
        if not 400 <= status < 500 or b"Traceback" in text:
            bad.append([status, text[:200].decode(errors="replace"), repr(body[:80])])
    return {"answers": dict(statuses), "bad": bad[:5]}


def conformance(server: Served, number: int) -> int:
    """Let schemathesis ask what the server's own OpenAPI document allows, and what it does not; its exit code."""
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    words = ["run", f"http://127.0.0.1:{server.port}/openapi.json", "--checks", checks, "--max-examples", str(number)]
    program = [sys.executable, "-m", "schemathesis.cli"]
    return subprocess.run([*program, *words, "--generation-database", "none"], check=False).returncode


def main() -> None:
    """Serve, load, kill, fuzz, and print what came of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="folder of a run; one is trained if none is given")
    parser.add_argument("--table", type=Path, help="JSONL table with its inputs")
    parser.add_argument("--large", action="store_true", help="train one with an image encoder as large as ViT-S")
    parser.add_argument("--precision", default="32-true", help="of the server, such as bf16-mixed")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fuzz", type=int, default=1000)
    parser.add_argument("--schemathesis", type=int, default=0, help="examples of each address")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run, table = (given.run.absolute(), given.table) if given.run else make_run(folder, given.large)
        found = measured(given, run, requests_of(run, table, 24), folder / "outputs")
    text = json.dumps(found, indent=2)
    print(text)
    if given.out:
        given.out.write_text(text)


def measured(given: argparse.Namespace, run: Path, asked: Sequence[tuple[bytes, Any]], outputs: Path) -> dict[str, Any]:
    """Measure without and with batching; with it also memory, handles, a killed worker and malformed requests."""
    found: dict[str, Any] = {}
    overrides = [f"hardware.precision={given.precision}"]
    with served(run, outputs, given.workers, 1, overrides) as server:
        hammer(server, asked, given.clients, 2)
        found["no batching"] = hammer(server, asked, given.clients, given.seconds).plain()
    with served(run, outputs, given.workers, 8, overrides) as server:
        hammer(server, asked, given.clients, 2)
        handles = server.handles()
        found["one client"] = hammer(server, asked, 1, min(10, given.seconds)).plain()
        found["half load"] = hammer(server, asked, given.clients // 2, min(20, given.seconds)).plain()
        load, seen = during(lambda: hammer(server, asked, given.clients, given.seconds), server.memory)
        found["batching"] = load.plain()
        if len(seen) > 2:
            slope, _ = linear_regression([at for at, _ in seen], [size for _, size in seen])
            found["memory"] = {"MiB": round(seen[-1][1] / 2**20), "slope_MiB_per_minute": round(60 * slope / 2**20, 2)}
        time.sleep(1)
        found["handles"] = {"before": handles, "after": server.handles()}
        found["killed"] = killed(server, asked, given.clients)
        found["malformed"] = fuzz(server, given.fuzz)
        if given.schemathesis:
            found["schemathesis exit code"] = conformance(server, given.schemathesis)
        found["still right"] = hammer(server, asked, 1, 1).plain()
    return found


def killed(server: Served, asked: Sequence[tuple[bytes, Any]], clients: int) -> dict[str, Any]:
    """Kill all workers under load: every request must be answered, the next one within 10 s."""
    at: list[float] = []

    def kill() -> None:
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        at.append(time.monotonic())

    timer = threading.Timer(1, kill)
    timer.start()
    load = hammer(server, asked, clients, 12)
    timer.join()
    back = min((end for end in load.ends if end > at[0] + 0.2), default=float("inf")) - at[0]
    return {**load.plain(), "seconds_until_next_answer": round(back, 2)}


if __name__ == "__main__":
    main()
