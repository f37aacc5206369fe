from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from mmexp.api.predict import predict
from mmexp.deploy.serve.alert.webhook import Webhook
from mmexp.deploy.serve.app import Front
from mmexp.deploy.serve.audit import Audit
from mmexp.deploy.serve.dispatcher import Dispatcher
from mmexp.deploy.serve.exchange import Payload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.meters import Meters
from mmexp.deploy.serve.server import Server, Settings, _alarm, bound, serve
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder

JSON = {"content-type": "application/json"}


def test_a_public_address_needs_tokens() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "models.example"):
        with pytest.raises(
            ConfigError, match=rf"--host must be a loopback address unless --tokens .*, got '{host}'"
        ) as e:
            serve(Settings({}, host=host), print)
        assert e.value.hint == "Run: mmexp serve --new-token=predict --tokens tokens.json"


def test_an_address_that_is_taken_or_of_another_machine_is_refused() -> None:
    with bound("127.0.0.1", 0) as listener:
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"must be an address that is free, got 127\.0\.0\.1 and {port}") as e:
            serve(Settings({}, port=port), print)
        assert e.value.hint == "Add --port 0 for a free one."
    with (
        pytest.raises(ConfigError, match=r"--host must be an address of this machine, got '127\.0\.0\.1'"),
        bound("127.0.0.1", 2**70),
    ):
        pass


def post(port: int, path: str, body: Any) -> tuple[int, Any]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    try:
        client.request("POST", path, json.dumps(body), JSON)
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        client.close()


def test_what_is_in_flight_is_answered_and_new_requests_are_refused_when_it_stops(fake: Any) -> None:
    gate, asked = threading.Event(), threading.Event()

    def act(payloads: Sequence[Payload]) -> None:
        asked.set()
        gate.wait(20)

    async def run() -> tuple[int, type[BaseException] | None]:
        dispatcher = Dispatcher([fake(act)], Limits(), Meters())
        with bound("127.0.0.1", 0) as listener:
            port: int = listener.getsockname()[1]
            async with dispatcher:
                dispatcher.meters.expect(dispatcher.descriptions)
                app = Front(dispatcher, None, Audit(None), local=True).app()
                options: dict[str, Any] = {"lifespan": "off", "log_config": None, "access_log": False}
                server = Server(uvicorn.Config(app, **options), lambda: None)
                running = asyncio.create_task(server.serve([listener]))
                while not server.started:
                    await asyncio.sleep(0.01)
                flying = asyncio.create_task(asyncio.to_thread(post, port, "/v1/pets/predict", {"text": "a"}))
                await asyncio.to_thread(asked.wait, 20)
                server.handle_exit(signal.SIGTERM, None)
                refused: type[BaseException] | None = None
                while refused is None:  # the socket is closed a moment later
                    try:
                        socket.create_connection(("127.0.0.1", port), 20).close()
                        await asyncio.sleep(0.01)
                    except OSError as fault:
                        refused = type(fault)
                gate.set()
                status, _ = await flying
                await running
        return status, refused

    assert asyncio.run(asyncio.wait_for(run(), 60)) == (200, ConnectionRefusedError)


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    run: RunFolder
    lines: list[str] = field(default_factory=list)

    def workers(self) -> list[int]:
        """Processes that hold the models: the children of the server's fork server."""
        parents = {pid: int(stat.rpartition(")")[2].split()[1]) for pid, stat in stats()}
        servers = [pid for pid, parent in parents.items() if parent == self.process.pid]
        return [pid for pid, parent in parents.items() if parent in servers]

    def load(self, seconds: float, between: Callable[[], None]) -> list[int | str]:
        """Status of each of the requests that four clients send one after another, or what they got instead."""
        found: list[int | str] = []
        end = threading.Event()

        def client() -> None:
            while not end.is_set():
                try:
                    found.append(post(self.port, "/v1/tiny/predict", {"text": "a red thing"})[0])
                except OSError as fault:
                    found.append(type(fault).__name__)
                    return

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        end.wait(seconds / 2)
        between()
        end.wait(seconds / 2)
        end.set()
        for thread in threads:
            thread.join(100)
        return found


def stats() -> Iterator[tuple[int, str]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(path.parent.name), path.read_text()
        except OSError:
            continue


@pytest.fixture(scope="module")
def running(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not Path("/proc").is_dir():
        pytest.skip("processes are not listed here")
    outputs = tmp_path_factory.mktemp("outputs")
    run = make_lab(outputs).train("training.epochs=1")
    words = ["serve", f"tiny={run.path}", "hardware=cpu", "--port", "0", "--workers", "1", "--outputs", str(outputs)]
    command = [sys.executable, "-m", "mmexp", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            found = re.fullmatch(r"tiny at http://127\.0\.0\.1:(\d+)/\n", process.stdout.readline())
            assert found
            yield Running(process, int(found[1]), run)
        finally:
            process.kill()


def test_answers_are_those_of_predict(running: Running) -> None:
    (wanted,) = predict(running.run.path, {"id": "a", "text": "a red thing 3"})
    status, found = post(running.port, "/v1/tiny/predict", {"id": "a", "text": "a red thing 3"})
    assert (status, found["label"]) == (200, wanted["label"])
    assert found["scores"] == pytest.approx(wanted["scores"], abs=1e-6)


def test_a_worker_that_is_killed_is_replaced_and_every_request_is_answered(running: Running) -> None:
    (before,) = running.workers()
    found = running.load(2, lambda: os.kill(before, signal.SIGKILL))
    assert set(found) == {200} and len(found) > 4
    (after,) = running.workers()
    assert after != before


def test_it_ends_well_under_load_and_leaves_no_process(running: Running) -> None:
    workers = running.workers()
    found = running.load(1, lambda: running.process.send_signal(signal.SIGTERM))
    assert running.process.wait(100) == 0
    assert 200 in found and set(found) <= {200, "ConnectionRefusedError", "ConnectionResetError"}
    pause = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < pause:
        threading.Event().wait(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert (running.run.path.parents[1] / "serve/audit.jsonl").read_text().count('"status": 200') >= found.count(200)


def test_alerts_are_watched_while_the_server_runs_and_no_longer() -> None:
    looks: list[int] = []

    class Counted(Meters):
        def collect(self) -> Any:
            looks.append(1)
            return super().collect()

    async def run(webhook: Webhook | None) -> int:
        async with _alarm(Settings({}, webhook=webhook), Counted()):
            await asyncio.sleep(0)
        before = len(looks)
        await asyncio.sleep(0.01)
        return before if len(looks) == before else -1

    assert asyncio.run(run(None)) == 0 and asyncio.run(run(Webhook("http://127.0.0.1:1/"))) == 1
