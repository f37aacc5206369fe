"""One request on its way to an answer, and what is noted of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from mmexp.deploy.serve.meters import OTHER


@dataclass
class Call:
    """One request, and what is noted of it.

    Args:
        request: As it came.
        id: By which it is found in answers and logs.
        run: Name of the run that it asks; ``OTHER`` if none.
        want: What it asks the run for; empty if nothing.
        code: Of the error it ended in; empty for none.
        notes: For the audit log.
    """

    request: Request
    id: str
    run: str = OTHER
    want: str = ""
    code: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str | None:
        """Address that it came from; None if that is not known."""
        return self.request.client.host if self.request.client else None

    @property
    def client(self) -> str:
        """Who asks: the id of the token, or else the address."""
        return f"token {self.notes['token']}" if "token" in self.notes else f"address {self.host}"
