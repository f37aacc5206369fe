from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mmexp.deploy.serve.hosts import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_these_reach_this_machine_only(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "localhost.example.org", ""])
def test_these_reach_others_or_may(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", ""])
def test_a_name_that_was_made_to_point_here_is_refused(make: Callable[..., Any], host: str) -> None:
    answer = make().client.get("/v1", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "host")
    assert "Host must be a loopback address" in answer.json()["error"]["message"]


def test_a_public_server_answers_to_any_name(make: Callable[..., Any]) -> None:
    assert make(local=False).client.get("/v1", headers={"host": "models.example"}).status_code == 200


def test_a_page_of_another_site_is_refused(make: Callable[..., Any]) -> None:
    client = make().client
    answer = client.post("/v1/pets/predict", json={"text": "a"}, headers={"origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin")
    assert "Origin must be this server, got 'https://evil.example'" in answer.json()["error"]["message"]
    own = {"origin": "http://127.0.0.1"}
    assert client.post("/v1/pets/predict", json={"text": "a"}, headers=own).status_code == 200
