"""Which addresses are of this machine alone, and requests that a page of another site has made a browser send."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from mmexp.deploy.serve.refusal import Refusal


def is_loopback(host: str) -> bool:
    """Return whether an address reaches this machine only; a name other than localhost may be anything."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_other_hosts(request: Request, local: bool) -> None:
    """Refuse what a page of another site sends: by its Origin, or by a name that it has made point to this machine.

    Args:
        request: By its headers.
        local: Whether the server is reached from this machine only.

    Raises:
        Refusal: If it is for another host, or from a page of one.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if local and not is_loopback(_name(f"//{host}")):
        raise Refusal(421, "host", f"Host must be a loopback address, got {host[:60]!r}.")
    if origin is not None and origin.partition("://")[2] != host:
        raise Refusal(403, "origin", f"Origin must be this server, got {origin[:60]!r}.")


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
