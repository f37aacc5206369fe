"""The HTTP application: what each address answers, and that every answer is counted and says what it must."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, get_args

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from mmexp.deploy.serve.audit import Audit
from mmexp.deploy.serve.call import Call
from mmexp.deploy.serve.dispatcher import Dispatcher
from mmexp.deploy.serve.exchange import Description, Want, error
from mmexp.deploy.serve.hosts import refuse_other_hosts
from mmexp.deploy.serve.openapi import openapi
from mmexp.deploy.serve.page import page, policy
from mmexp.deploy.serve.redaction import redacted_message
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.run_endpoint import RunEndpoint
from mmexp.deploy.serve.tokens import Role, Tokens

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


Endpoint = Callable[[Call], Awaitable[Response]]


class Front:
    """Answer requests.

    Args:
        dispatcher: Started; has the runs.
        tokens: Who may ask; None lets everyone predict and read metrics.
        audit: Where requests are noted.
        local: Whether the server is reached from this machine only.
        redact: Whether nothing that says whom a request is of may reach an answer or a log.
    """

    def __init__(
        self, dispatcher: Dispatcher, tokens: Tokens | None, audit: Audit, local: bool, redact: bool = False
    ) -> None:
        self.dispatcher, self.tokens, self.audit, self.local, self.redact = dispatcher, tokens, audit, local, redact
        self.meters = dispatcher.meters
        self._run = RunEndpoint(dispatcher, redact)

    def app(self) -> Starlette:
        """Return the ASGI application."""
        get, post = ["GET"], ["POST"]
        routes = [
            Route("/health", self._guarded(self._health), methods=get),
            Route("/ready", self._guarded(self._ready), methods=get),
            Route("/", self._guarded(self._page), methods=get),
            Route("/v1", self._guarded(self._runs, "predict"), methods=get),
            *(
                Route(f"/v1/{{name}}/{want}", self._guarded(getattr(self._run, want), "predict", True), methods=post)
                for want in get_args(Want)
            ),
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
                response = _refused(refusal, self.redact)
                call.code = refusal.code
            except Exception as fault:
                kind = type(fault).__name__
                logging.getLogger(__name__).error("Request %s failed: %s", call.id, kind, exc_info=not self.redact)
                response = JSONResponse(error("internal", f"server must answer, got an error: {call.id}."), 500)
                call.code = "internal"
            seconds = time.perf_counter() - began
            self.meters.count(call.run, response.status_code, call.code, seconds, call.want)
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

    def _note(self, call: Call, status: int, seconds: float) -> None:
        self.audit.write(
            request=call.id,
            client=call.host,
            method=call.request.method,
            run=call.run,
            status=status,
            code=call.code,
            seconds=round(seconds, 4),
            **call.notes,
        )


def _public(one: Description) -> Mapping[str, Any]:
    """Return what a client needs of a run: not what it predicted at evaluation."""
    inputs = [asdict(own) for own in one.inputs]
    return {"run": one.run, "task": one.task, "inputs": inputs, "methods": list(one.methods), "scored": one.scored}


def _refused(refusal: Refusal, redact: bool) -> Response:
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.status in (408, 413, 415):
        headers["Connection"] = "close"  # the rest of the body is not read
    message = redacted_message(str(refusal)) if redact else str(refusal)
    return JSONResponse(error(refusal.code, message), refusal.status, headers)


def _with_headers(response: Response, id: str) -> Response:
    response.headers["X-Request-ID"] = id
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
