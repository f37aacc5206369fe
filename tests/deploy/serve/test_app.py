from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mmexp.deploy.serve.exchange import Answer, Payload, error
from mmexp.deploy.serve.tokens import Tokens, add_token


def test_a_prediction_is_answered_as_the_run_gives_it(make: Callable[..., Any]) -> None:
    answer = make().ask(id="mine", text="a cat")
    assert (answer.status_code, answer.json()) == (200, {"id": "mine", "label": "cat", "score": 0.9})
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_sample_without_an_id_has_that_of_its_request(make: Callable[..., Any]) -> None:
    answer = make().ask(text="a cat")
    assert answer.json()["id"] == answer.headers["x-request-id"] != ""


def test_an_unknown_run_is_refused_with_the_nearest(make: Callable[..., Any]) -> None:
    answer = make().ask("petz", text="a")
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "code": "unknown_run",
        "message": "run must be one that is served, got 'petz'. Did you mean 'pets'?",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("GET", "/v1/pets/predict", 405, "method"), ("PUT", "/", 405, "method")],
)
def test_other_addresses_and_methods_are_answered_in_json(
    make: Callable[..., Any], method: str, path: str, status: int, code: str
) -> None:
    answer = make().client.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


def test_health_and_readiness_differ(make: Callable[..., Any]) -> None:
    served = make()
    assert served.client.get("/health").json() == {"status": "ok"}
    assert served.client.get("/ready").json() == {"status": "ready"}
    served.dispatcher._ready.clear()
    answer = served.client.get("/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["error"]["message"] == "a worker must be ready, got none."
    assert served.client.get("/health").status_code == 200


def test_counters_equal_what_the_client_counts(make: Callable[..., Any]) -> None:
    def act(payloads: Sequence[Payload]) -> list[Answer]:
        return [Answer(422, error("invalid_input", "no")) for _ in payloads]

    served = make(act)
    for _ in range(3):
        served.ask(text="a")
    served.ask(txt="a")
    served.ask("nowhere", text="a")
    text = served.client.get("/metrics").text
    assert 'mmexp_requests_total{code="invalid_input",run="pets",status="422"} 3.0' in text
    assert 'mmexp_requests_total{code="unknown_input",run="pets",status="422"} 1.0' in text
    assert 'mmexp_requests_total{code="unknown_run",run="",status="404"} 1.0' in text


def test_a_fault_of_our_own_is_a_500_without_its_reason(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    served = make()

    def fail(*arguments: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("mmexp.deploy.serve.run_endpoint.read_payload", fail)
    answer = served.ask(text="a")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text and "ZeroDivisionError: secret" in caplog.text


def test_the_audit_log_says_who_and_what_but_not_what_was_in_it(make: Callable[..., Any]) -> None:
    served = make()
    served.ask(text="my secret diary")
    served.ask(image="nothing to see")
    served.client.get("/health")
    text = served.audit.read_text()
    first, second = map(json.loads, text.splitlines())
    assert "diary" not in text and "nothing to see" not in text
    assert (first["run"], first["status"], first["inputs"], first["batch"]) == ("pets", 200, {"text": 15}, 1)
    assert (second["status"], second["code"], second["client"]) == (422, "not_a_file", "testclient")
    assert {"time", "request", "seconds", "bytes"} <= set(first)
    assert served.audit.stat().st_mode & 0o077 == 0


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    return {role: add_token(tmp_path / "tokens.json", role) for role in ("predict", "metrics", "admin")}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_each_role_opens_its_own_addresses(make: Callable[..., Any], tokens: dict[str, str], tmp_path: Path) -> None:
    client = make(tokens=Tokens(tmp_path / "tokens.json"), local=False).client
    asked = {"predict": "/v1", "metrics": "/metrics"}
    for role, path in asked.items():
        assert client.get(path).status_code == 401
        assert client.get(path, headers=bearer("mmexp_wrong")).headers["www-authenticate"] == "Bearer"
        found = {name: client.get(path, headers=bearer(token)).status_code for name, token in tokens.items()}
        assert found == {name: 200 if name in (role, "admin") else 403 for name in tokens}
    assert client.post("/v1/reload", headers=bearer(tokens["predict"])).status_code == 403
    assert client.post("/v1/reload", headers=bearer(tokens["admin"])).status_code == 202
    assert [client.get(path).status_code for path in ("/health", "/ready", "/")] == [200, 200, 200]


def test_a_refused_token_is_noted_and_never_written(make: Callable[..., Any], tokens: dict[str, str], tmp_path: Path):
    served = make(tokens=Tokens(tmp_path / "tokens.json"))
    served.client.get("/v1", headers=bearer(tokens["metrics"]))
    served.client.post("/v1/pets/predict", json={"text": "a"}, headers=bearer(tokens["predict"]))
    text = served.audit.read_text()
    refused, taken = map(json.loads, text.splitlines())
    assert (refused["status"], taken["status"]) == (403, 200) and len(taken["token"]) == 8
    assert not any(token in text for token in tokens.values())


def test_without_tokens_nobody_steers(make: Callable[..., Any]) -> None:
    answer = make().client.post("/v1/reload")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
