"""The server: a socket, workers, HTTP, and an end that leaves no request without answer."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from mmexp.deploy.serve.alert.rule import Thresholds, rules
from mmexp.deploy.serve.alert.watch import Alarm
from mmexp.deploy.serve.alert.webhook import Webhook
from mmexp.deploy.serve.app import Front
from mmexp.deploy.serve.audit import Audit
from mmexp.deploy.serve.dispatcher import Dispatcher
from mmexp.deploy.serve.hosts import is_loopback
from mmexp.deploy.serve.inside import Plan
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.meters import Meters
from mmexp.deploy.serve.protocol import PatientProtocol
from mmexp.deploy.serve.tokens import Tokens
from mmexp.deploy.serve.worker import ProcessWorker
from mmexp.error import ConfigError
from mmexp.run.signals import SIGNALS
from mmexp.runner.worker import threads

_BACKLOG = 128


@dataclass(frozen=True)
class Settings:
    """Where and how runs are served.

    Args:
        runs: Path of each run by the name that it is served under.
        overrides: Of all runs.
        host: Address; one that is not of this machine alone needs ``tokens``.
        port: 0 takes a free one.
        workers: Processes that hold the models.
        tokens: File of tokens; None for none.
        audit: File of the audit log.
        limits: Of requests.
        webhook: Where alerts are sent; None for nowhere.
        thresholds: Above which they are.
        redact: Whether what says whom a request is of is taken out of it, before anything reads it.
    """

    runs: Mapping[str, str]
    overrides: Sequence[str] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    tokens: Path | None = None
    audit: Path | None = None
    limits: Limits = field(default_factory=Limits)
    webhook: Webhook | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    redact: bool = False


class Server(uvicorn.Server):
    """Stop on SIGTERM and SIGINT once every request in flight is answered, and return.

    Args:
        config: Of uvicorn.
        started: Called once requests are taken.
    """

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let both signals stop the server; unlike uvicorn's, they are not raised again, as it has ended well."""
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve runs until a signal stops it.

    Args:
        settings: What, and where.
        say: Takes a line once it serves.

    Raises:
        ConfigError: If the address is public and there are no tokens, or is not to be had; or a run cannot be restored.
    """
    local = is_loopback(settings.host)
    if not local and settings.tokens is None:
        rule = "--host must be a loopback address unless --tokens says who may ask"
        hint = "Run: mmexp serve --new-token=predict --tokens tokens.json"
        raise ConfigError(f"serve: {rule}, got {settings.host!r}.", hint)
    tokens = Tokens(settings.tokens) if settings.tokens else None
    audit = Audit(settings.audit)
    try:
        with bound(settings.host, settings.port) as listener, tempfile.TemporaryDirectory(prefix="mmexp-") as folder:
            asyncio.run(_run(settings, listener, Path(folder), tokens, audit, say))
    finally:
        audit.close()


async def _run(
    settings: Settings,
    listener: socket.socket,
    folder: Path,
    tokens: Tokens | None,
    audit: Audit,
    say: Callable[[str], None],
) -> None:
    limits, share = settings.limits, max(1, threads() // settings.workers)
    plan = Plan(settings.runs, tuple(settings.overrides), limits, share, str(folder), settings.redact)
    meters = Meters()
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # malformed forms are counted, and in the audit log
    dispatcher = Dispatcher([ProcessWorker(plan) for _ in range(settings.workers)], limits, meters)
    async with dispatcher:
        meters.expect(dispatcher.descriptions)
        app = Front(dispatcher, tokens, audit, is_loopback(settings.host), settings.redact).app()
        config = uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            limit_concurrency=8 * limits.queue,
            timeout_graceful_shutdown=int(limits.receive + limits.answer) + 1,
        )
        async with _alarm(settings, meters):
            await Server(config, lambda: say(_address(listener))).serve([listener])


@asynccontextmanager
async def _alarm(settings: Settings, meters: Meters) -> AsyncIterator[None]:
    """Send alerts within the block, if they are to be sent anywhere."""
    if settings.webhook is None:
        yield
        return
    alarm = Alarm(meters, rules(settings.thresholds, settings.limits.queue), settings.webhook)
    task = asyncio.create_task(alarm.run())
    try:
        yield
    finally:
        task.cancel()


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """Bind a socket, which is listened to later.

    Raises:
        ConfigError: If the address is not to be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as fault:
        raise ConfigError(f"serve: --host must be an address of this machine, got {host!r} ({fault}).") from None
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError as fault:
            rule = "--host and --port must be an address that is free"
            raise ConfigError(
                f"serve: {rule}, got {host} and {port} ({fault.strerror}).", "Add --port 0 for a free one."
            ) from None
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
