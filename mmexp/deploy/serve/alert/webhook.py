"""One address that messages are posted to: no redirect, no proxy, no other address, and never for long."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from mmexp import __version__
from mmexp.error import ConfigError

_SECONDS = 5.0
_LINE = 1024  # bytes of a status line


class WebhookFailed(Exception):
    """A message was not taken."""


class Webhook:
    """Post JSON to an address.

    Args:
        url: ``http://`` or ``https://``; it may be a secret, and is never shown.
        seconds: In which all of it, up to the status of the answer, must be done.

    Raises:
        ConfigError: If it is another one.
    """

    def __init__(self, url: str, seconds: float = _SECONDS) -> None:
        self._url, self._seconds = _read(url), seconds

    @property
    def host(self) -> str:
        """Name or address that messages go to."""
        return str(self._url.hostname)

    async def post(self, message: Mapping[str, Any]) -> None:
        """Send one message.

        Raises:
            WebhookFailed: If it was not taken in time; a redirect is not followed.
        """
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._send(json.dumps(message).encode())
        except (OSError, ValueError, TimeoutError) as fault:
            raise WebhookFailed(type(fault).__name__) from None
        if not 200 <= status < 300:
            raise WebhookFailed(f"status {status}")

    async def _send(self, body: bytes) -> int:
        secure = self._url.scheme == "https"
        port = self._url.port or (443 if secure else 80)
        context = ssl.create_default_context() if secure else None
        reader, writer = await asyncio.open_connection(self.host, port, ssl=context, limit=_LINE)
        try:
            writer.write(self._head(len(body)) + body)
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.transport.abort()
        version, _, rest = line.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            raise ValueError("no answer of HTTP")
        return int(rest[:3])

    def _head(self, length: int) -> bytes:
        path = self._url.path or "/"
        lines = [
            f"POST {path}{'?' if self._url.query else ''}{self._url.query} HTTP/1.1",
            f"Host: {self._url.netloc}",
            f"User-Agent: mmexp/{__version__}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
            "Connection: close",
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii")


def _read(url: str) -> SplitResult:
    rule = "serve: --alert-url must be http:// or https://, a host, and no user or password"
    plain = url.isascii() and url.isprintable() and " " not in url
    try:
        found = urlsplit(url if plain else "")
        usable = found.scheme in ("http", "https") and found.hostname and found.port != 0 and "@" not in found.netloc
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"{rule}, got {len(url)} characters of another form.")
    return found
