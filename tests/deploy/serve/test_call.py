from __future__ import annotations

from typing import Any

from starlette.requests import Request

from mmexp.deploy.serve.call import Call


def request(client: Any) -> Request:
    return Request({"type": "http", "client": client, "headers": []})


def test_a_client_is_its_token_or_else_its_address() -> None:
    call = Call(request(("192.0.2.1", 5000)), "id")
    assert (call.host, call.client) == ("192.0.2.1", "address 192.0.2.1")
    call.notes["token"] = "1f3a"
    assert call.client == "token 1f3a"


def test_an_address_may_be_unknown() -> None:
    call = Call(request(None), "id")
    assert (call.host, call.client) == (None, "address None")
