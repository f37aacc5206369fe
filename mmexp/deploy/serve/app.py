"""The HTTP application: what each address answers, and that every answer is counted and says what it must."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from mmexp.deploy.serve.audit import Audit
from mmexp.deploy.serve.body import read_body, read_payload
from mmexp.deploy.serve.dispatcher import Dispatcher
from mmexp.deploy.serve.exchange import Description, error
from mmexp.deploy.serve.hosts import refuse_other_hosts
from mmexp.deploy.serve.meters import OTHER
from mmexp.deploy.serve.openapi import openapi
from mmexp.deploy.serve.page import page, policy
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.tokens import Role, Tokens
from mmexp.error import nearest

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Call:
    """One request, and what is noted of it.

    Args:
        request: As it came.
        id: By which it is found in answers and logs.
        run: Name of the run that it asks; ``OTHER`` if none.
        code: Of the error it ended in; empty for none.
        notes: For the audit log.
    """

    request: Request
    id: str
    run: str = OTHER
    code: str = ""
    notes: dict[str, Any] = field(default_factory=dict)


Endpoint = Callable[[Call], Awaitable[Response]]


class Front:
    """Answer requests.

    Args:
        dispatcher: Started; has the runs.
        tokens: Who may ask; None lets everyone predict and read metrics.
        audit: Where requests are noted.
        local: Whether the server is reached from this machine only.
    """

    def __init__(self, dispatcher: Dispatcher, tokens: Tokens | None, audit: Audit, local: bool) -> None:
        self.dispatcher, self.tokens, self.audit, self.local = dispatcher, tokens, audit, local
        self.meters = dispatcher.meters
        self._pending = 0

    def app(self) -> Starlette:
        """Return the ASGI application."""
        get, post = ["GET"], ["POST"]
        routes = [
            Route("/health", self._guarded(self._health), methods=get),
            Route("/ready", self._guarded(self._ready), methods=get),
            Route("/", self._guarded(self._page), methods=get),
            Route("/v1", self._guarded(self._runs, "predict"), methods=get),
            Route("/v1/{name}/predict", self._guarded(self._predict, "predict", audited=True), methods=post),
            Route("/v1/reload", self._guarded(self._reload, "admin", audited=True), methods=post),
            Route("/openapi.json", self._guarded(self._openapi, "predict"), methods=get),
            Route("/metrics", self._guarded(self._metrics, "metrics"), methods=get),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: self._guarded_fault})

    def _guarded(
        self, endpoint: Endpoint, role: Role | None = None, audited: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return a handler that checks who asks, turns every fault into an answer, counts it and notes it."""

        async def handle(request: Request) -> Response:
            began, call = time.perf_counter(), Call(request, secrets.token_hex(8))
            try:
                refuse_other_hosts(request, self.local)
                if role is not None:
                    self._authorize(call, role)
                response = await endpoint(call)
            except Refusal as refusal:
                response = _refused(refusal)
                call.code = refusal.code
            except Exception:
                logging.getLogger(__name__).exception("Request %s failed.", call.id)
                response = JSONResponse(error("internal", f"server must answer, got an error: {call.id}."), 500)
                call.code = "internal"
            seconds = time.perf_counter() - began
            self.meters.count(call.run, response.status_code, call.code, seconds)
            if audited or response.status_code in (401, 403):
                self._note(call, response.status_code, seconds)
            return _with_headers(response, call.id)

        return handle

    async def _guarded_fault(self, request: Request, fault: Exception) -> Response:
        """Answer a request to an address, or by a method, that there is not."""
        status = fault.status_code if isinstance(fault, HTTPException) else 500
        allow = getattr(fault, "headers", None) or {}

        async def refuse(call: Call) -> Response:
            codes = {404: "not_found", 405: "method"}
            rule = "address and method must be ones of /openapi.json"
            raise Refusal(status, codes.get(status, "http"), f"{rule}, got {call.request.method}.")

        response = await self._guarded(refuse)(request)
        response.headers.update(allow)
        return response

    def _authorize(self, call: Call, role: Role) -> None:
        if self.tokens is not None:
            call.notes["token"] = self.tokens.check(call.request.headers.get("authorization"), role).id
        elif role == "admin":
            raise Refusal(403, "forbidden", "server must run with --tokens for this, got none.")

    async def _health(self, call: Call) -> Response:
        return JSONResponse({"status": "ok"})

    async def _ready(self, call: Call) -> Response:
        if not self.dispatcher.ready:
            raise Refusal(503, "not_ready", "a worker must be ready, got none.", retry_after=2)
        return JSONResponse({"status": "ready"})

    async def _page(self, call: Call) -> Response:
        return HTMLResponse(page(), headers={"Content-Security-Policy": policy(), "Referrer-Policy": "no-referrer"})

    async def _runs(self, call: Call) -> Response:
        return JSONResponse({"runs": {name: _public(one) for name, one in self.dispatcher.descriptions.items()}})

    async def _openapi(self, call: Call) -> Response:
        return JSONResponse(openapi(self.dispatcher.descriptions, self.tokens is not None))

    async def _metrics(self, call: Call) -> Response:
        return Response(self.meters.text(), headers={"Content-Type": _TEXT})

    async def _reload(self, call: Call) -> Response:
        self.dispatcher.reload()
        return JSONResponse({"status": "reloading"}, 202)

    async def _predict(self, call: Call) -> Response:
        name = call.request.path_params["name"]
        description = self.dispatcher.descriptions.get(name)
        if description is None:
            rule = f"run must be one that is served, got {name[:60]!r}"
            raise Refusal(404, "unknown_run", f"{rule}. {nearest(name[:60], list(self.dispatcher.descriptions))}")
        call.run, limits = name, self.dispatcher.limits
        with self._room(call):
            body = await read_body(call.request, limits)
            payload = await read_payload(call.request, body, description, limits, call.id)
            call.notes |= {"bytes": len(body), "inputs": payload.sizes}
            answer = await self.dispatcher.answer(name, payload)
        call.notes["batch"] = answer.batch
        if answer.status == 200:
            self.meters.observe(name, answer)
        else:
            call.code = answer.body["error"]["code"]
        return JSONResponse(answer.body, answer.status)

    @contextmanager
    def _room(self, call: Call) -> Iterator[None]:
        """Keep room for a body: as much as it says, or as much as it may, where it does not say."""
        limits, said = self.dispatcher.limits, call.request.headers.get("content-length", "")
        size = min(int(said), limits.body) if said.isdecimal() else limits.body
        if self._pending + size > limits.pending:
            rule = f"bodies must have at most {limits.pending} bytes together"
            raise Refusal(503, "busy", f"{rule}, got {size} more.", retry_after=1)
        self._pending += size
        try:
            yield
        finally:
            self._pending -= size

    def _note(self, call: Call, status: int, seconds: float) -> None:
        client = call.request.client
        self.audit.write(
            request=call.id,
            client=client.host if client else None,
            method=call.request.method,
            run=call.run,
            status=status,
            code=call.code,
            seconds=round(seconds, 4),
            **call.notes,
        )


def _public(one: Description) -> Mapping[str, Any]:
    """Return what a client needs of a run: not what it predicted at evaluation."""
    return {"run": one.run, "task": one.task, "inputs": [asdict(own) for own in one.inputs]}


def _refused(refusal: Refusal) -> Response:
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.status in (408, 413, 415):
        headers["Connection"] = "close"  # the rest of the body is not read
    return JSONResponse(error(refusal.code, str(refusal)), refusal.status, headers)


def _with_headers(response: Response, id: str) -> Response:
    response.headers["X-Request-ID"] = id
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
