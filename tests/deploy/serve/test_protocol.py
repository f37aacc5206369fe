from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
import uvicorn

from mmexp.deploy.serve.protocol import PatientProtocol
from mmexp.deploy.serve.server import Server, bound

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def exchanged(*parts: bytes) -> bytes:
    """Send parts one after another and return all that is sent back until the connection is closed."""
    with bound("127.0.0.1", 0) as listener:
        options = {"lifespan": "off", "log_config": None, "access_log": False, "ws": "none"}
        server = Server(uvicorn.Config(app, http=PatientProtocol, timeout_keep_alive=5, **options), lambda: None)
        running = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        address: tuple[str, int] = listener.getsockname()
        reader, writer = await asyncio.open_connection(*address)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(20):
                return await reader.read()
        finally:
            writer.close()
            server.should_exit = True
            await running


@pytest.mark.parametrize(
    ("parts", "answers"),
    [
        ((), 0),
        ((HEAD,), 0),
        ((HEAD, b"\r\n", HEAD), 1),
        ((HEAD, b"\r\n", HEAD + b"\r\n", b"G", b"E"), 2),
    ],
    ids=["nothing", "half a head", "half a head after a request", "a letter at a time"],
)
def test_a_connection_whose_head_does_not_arrive_is_closed(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...], answers: int
) -> None:
    monkeypatch.setattr(PatientProtocol, "seconds", 0.3)
    assert asyncio.run(exchanged(*parts)).count(b"200 OK") == answers


def test_a_socket_is_bound_only_where_it_may_be() -> None:
    with bound("127.0.0.1", 0) as listener:
        assert listener.family == socket.AF_INET and listener.getsockname()[1] > 0
