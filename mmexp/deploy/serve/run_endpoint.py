"""What is asked of a run: a request within its bounds, and what a worker answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from starlette.responses import JSONResponse, Response

from mmexp.deploy.serve.body import read_body, read_payload
from mmexp.deploy.serve.call import Call
from mmexp.deploy.serve.dispatcher import Dispatcher
from mmexp.deploy.serve.exchange import Answer, Description, Payload, Want
from mmexp.deploy.serve.redaction import redacted_message
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.share import Share
from mmexp.error import nearest


class RunEndpoint:
    """Answer what is asked of a run.

    Args:
        dispatcher: Has the runs.
        redact: Whether nothing that says whom a request is of may reach an answer or a log.
    """

    def __init__(self, dispatcher: Dispatcher, redact: bool) -> None:
        self.dispatcher, self.redact = dispatcher, redact
        self._share = Share(dispatcher.limits.share)
        self._pending = 0

    async def predict(self, call: Call) -> Response:
        """Answer with the prediction."""
        answer = await self._ask(call, "predict")
        if answer.status == 200:
            self.dispatcher.meters.observe(call.run, answer)
        return self._response(call, answer)

    async def contribution(self, call: Call) -> Response:
        """Answer with what each modality adds to the score of the prediction."""
        return self._response(call, await self._ask(call, "contribution"))

    async def explain(self, call: Call) -> Response:
        """Answer with what each part of each modality does to the score of the prediction."""
        return self._response(call, await self._ask(call, "explain"))

    async def _ask(self, call: Call, want: Want) -> Answer:
        limits, description = self.dispatcher.limits, self._described(call)
        call.want = want
        method = _method(call, description, want)
        with self._share.one(call.client), self._room(call):
            body = await read_body(call.request, limits)
            payload = await read_payload(call.request, body, description, limits, call.id)
            payload = replace(payload, id=call.id if self.redact else payload.id, want=want, method=method)
            call.notes |= {"bytes": len(body), "inputs": payload.sizes, **_asked(payload)}
            answer = await self.dispatcher.answer(call.run, payload)
        call.notes["batch"] = answer.batch
        return answer

    def _described(self, call: Call) -> Description:
        name = call.request.path_params["name"]
        description = self.dispatcher.descriptions.get(name)
        if description is None:
            rule = f"run must be one that is served, got {name[:60]!r}"
            raise Refusal(404, "unknown_run", f"{rule}. {nearest(name[:60], list(self.dispatcher.descriptions))}")
        call.run = name
        return description

    def _response(self, call: Call, answer: Answer) -> Response:
        body = dict(answer.body)
        if answer.status != 200:
            call.code = body["error"]["code"]
            if self.redact:
                body["error"] = {"code": call.code, "message": redacted_message(body["error"]["message"])}
        headers = {"Retry-After": "1"} if answer.status in (503, 504) else {}
        return JSONResponse(body, answer.status, headers)

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


def _method(call: Call, description: Description, want: Want) -> str:
    """Return the method of an explanation; empty for anything else.

    Raises:
        Refusal: If the run cannot be asked for that.
    """
    able = {"predict": True, "contribution": description.scored, "explain": bool(description.methods)}
    if not able[want]:
        rule = "run must score its answers, with the extra explain installed"
        raise Refusal(422, "not_explained", f"{rule}, got {description.task}.")
    if want != "explain":
        return ""
    method = call.request.query_params.get("method", description.methods[0])
    if method not in description.methods:
        rule = f"method must be one of {', '.join(description.methods)}, got {method[:60]!r}"
        raise Refusal(422, "unknown_method", f"{rule}. {nearest(method[:60], description.methods)}")
    return method


def _asked(payload: Payload) -> dict[str, str]:
    """Return what is noted of a request that does not ask for a prediction."""
    return {} if payload.want == "predict" else {"want": payload.want}
