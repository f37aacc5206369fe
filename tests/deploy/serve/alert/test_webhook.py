from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mmexp.deploy.serve.alert.webhook import Webhook, WebhookFailed
from mmexp.error import ConfigError

Seen = list[tuple[str, dict[str, str], Any]]


@pytest.fixture
def receiver() -> Iterator[Callable[..., tuple[str, Seen]]]:
    """Makes servers that keep what they are sent; they are stopped after the test."""
    servers: list[ThreadingHTTPServer] = []

    def made(status: int = 200, **headers: str) -> tuple[str, Seen]:
        seen: Seen = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                seen.append((self.path, dict(self.headers), body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def do_GET(self) -> None:
                seen.append((self.path, {}, None))

            def log_message(self, *arguments: Any) -> None:
                """Print nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}", seen

    yield made
    for server in servers:
        server.shutdown()
        server.server_close()


def post(url: str, seconds: float = 5.0) -> None:
    asyncio.run(Webhook(url, seconds).post({"status": "firing"}))


def test_a_message_is_posted_as_json(receiver: Callable[..., tuple[str, Seen]]) -> None:
    url, seen = receiver()
    post(f"{url}/hook/a?key=1")
    ((path, headers, body),) = seen
    assert (path, body) == ("/hook/a?key=1", {"status": "firing"}) and headers["Content-Type"] == "application/json"


def test_a_redirect_is_not_followed_and_no_proxy_is_asked(
    receiver: Callable[..., tuple[str, Seen]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other, never = receiver()
    url, seen = receiver(302, Location=f"{other}/elsewhere")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, other)
    with pytest.raises(WebhookFailed, match="status 302"):
        post(url)
    assert len(seen) == 1 and not never


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_answer_of_an_error_is_a_failure(receiver: Callable[..., tuple[str, Seen]], status: int) -> None:
    with pytest.raises(WebhookFailed, match=f"status {status}"):
        post(receiver(status)[0])


@pytest.mark.parametrize("answer", [b"", b"no http\r\n", b"HTTP/1.1 abc\r\n", b"x" * 5000])
def test_what_is_no_answer_is_a_failure(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            connection.recv(10_000)
            connection.sendall(answer)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(WebhookFailed):
            post(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join(20)


def test_one_that_does_not_answer_and_one_that_is_not_there_take_no_longer_than_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(WebhookFailed, match="TimeoutError"):
            post(address, seconds=0.1)
    with pytest.raises(WebhookFailed, match="ConnectionRefusedError"):
        post(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@host/",
        "http://[::1/",
        "http://a:99999/",
        "//a/b",
        "http://a/é",
        "javascript:alert(1)",
        "http://a:0/",
        "",
        "http://a b/",
        "http://a/\r\nX: y",
    ],
)
def test_other_addresses_are_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigError, match=r"--alert-url must be http:// or https://") as caught:
        Webhook(url)
    assert "secret" not in str(caught.value)
