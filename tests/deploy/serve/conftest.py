"""A server without processes: the real application and queue, and a worker that is a function."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")
pytest.importorskip("prometheus_client")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

from mmexp.deploy.serve.app import Front
from mmexp.deploy.serve.audit import Audit
from mmexp.deploy.serve.dispatcher import Dispatcher
from mmexp.deploy.serve.exchange import Answer, Description, Input, Payload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.meters import Meters
from mmexp.deploy.serve.tokens import Tokens
from mmexp.deploy.serve.worker import Worker, WorkerDied

INPUTS = [
    Input("image", "image", "file", (".png", ".jpg")),
    Input("text", "text", "text", (".txt",)),
    Input("tabular", "tabular", "json", (), ({"name": "age"}, {"name": "kind", "values": ["x", "y"]})),
    Input("vector", "vector", "json", (), (), 3),
]
REFERENCE = {"classes": ["cat"] * 30 + ["dog"] * 30, "scores": [i / 60 for i in range(60)]}


Act = Callable[[Sequence[Payload]], list[Answer] | None]


def describe(reference: Mapping[str, Sequence[Any]] = REFERENCE) -> Description:
    methods = ("occlusion", "integrated_gradients")
    return Description("20250131-120000-1f3a", "Classification", INPUTS, None, reference, methods, True)


@dataclass
class FakeWorker(Worker):
    """Answers ``cat``; ``act`` may do anything else. A worker that died is started again.

    Args:
        act: Takes the payloads of a batch; returns the answers, or None for the usual ones.
        descriptions: Of the runs.
        seen: Payloads of each batch.
        starts: How often it was started.
    """

    act: Act | None = None
    descriptions: Mapping[str, Description] = field(default_factory=lambda: {"pets": describe()})
    seen: list[Sequence[Payload]] = field(default_factory=list)
    starts: int = 0
    living: bool = False

    def start(self) -> Mapping[str, Description]:
        self.starts += 1
        self.living = True
        return self.descriptions

    @property
    def alive(self) -> bool:
        return self.living

    def answer(self, name: str, payloads: Sequence[Payload], seconds: float) -> list[Answer]:
        self.seen.append(payloads)
        if self.act is not None:
            try:
                found = self.act(payloads)
            except WorkerDied:
                self.living = False
                raise
            if found is not None:
                return found
        return [said(one, len(payloads)) for one in payloads]

    def stop(self) -> None:
        self.living = False


def said(payload: Payload, batch: int = 1) -> Answer:
    return Answer(200, {"id": payload.id, "label": "cat", "score": 0.9}, {"text.words": 2.0}, batch)


@dataclass
class Served:
    """A client of the application, and what stands behind it."""

    client: TestClient
    workers: list[FakeWorker]
    dispatcher: Dispatcher
    audit: Path

    def ask(self, name: str = "pets", /, **values: Any) -> Any:
        return self.client.post(f"/v1/{name}/predict", json=values)

    def together(self, number: int) -> list[Any]:
        """Answers to so many requests at once."""
        answers: list[Any] = []
        threads = [threading.Thread(target=lambda i=i: answers.append(self.ask(text=f"{i}"))) for i in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return answers


@pytest.fixture
def description() -> Description:
    """Of a run with an input of each form."""
    return describe()


@pytest.fixture
def fake() -> type[FakeWorker]:
    return FakeWorker


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Makes a server of fake workers; it is stopped after the test."""
    with ExitStack() as stack:

        def made(
            *workers: FakeWorker | Act,
            tokens: Tokens | None = None,
            local: bool = True,
            redact: bool = False,
            **limits: Any,
        ) -> Served:
            own = [one if isinstance(one, FakeWorker) else FakeWorker(one) for one in workers] or [FakeWorker()]
            dispatcher = Dispatcher(own, Limits(**{"answer": 10.0, **limits}), Meters())
            audit = Audit(tmp_path / "audit.jsonl")
            stack.callback(audit.close)
            app = Front(dispatcher, tokens, audit, local, redact).app()

            async def running(scope: Any, receive: Any, send: Any) -> None:
                """Start and stop the workers as a server does, in the loop of the client."""
                if scope["type"] != "lifespan":
                    return await app(scope, receive, send)
                await receive()
                async with dispatcher:
                    dispatcher.meters.expect(dispatcher.descriptions)
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                await send({"type": "lifespan.shutdown.complete"})

            client = TestClient(running, base_url="http://127.0.0.1", raise_server_exceptions=False)
            stack.enter_context(client)
            return Served(client, own, dispatcher, tmp_path / "audit.jsonl")

        yield made
