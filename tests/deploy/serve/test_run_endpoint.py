from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mmexp.deploy.serve.exchange import Answer, Description, Payload, error
from mmexp.deploy.serve.tokens import Tokens, add_token
from mmexp.deploy.serve.worker import WorkerDied


def explained(payloads: Sequence[Payload]) -> list[Answer] | None:
    if payloads[0].want == "predict":
        return None
    return [Answer(200, {"id": one.id, "want": one.want, "method": one.method}) for one in payloads]


def test_contributions_and_explanations_are_asked_for_like_predictions(make: Callable[..., Any]) -> None:
    client = make(explained).client
    asked = {
        name: client.post(f"/v1/pets/{name}", json={"id": "a", "text": "b"}) for name in ("contribution", "explain")
    }
    assert asked["contribution"].json() == {"id": "a", "want": "contribution", "method": ""}
    assert asked["explain"].json() == {"id": "a", "want": "explain", "method": "occlusion"}
    other = client.post("/v1/pets/explain?method=integrated_gradients", json={"text": "b"})
    assert other.json()["method"] == "integrated_gradients"


@pytest.mark.parametrize("want", ["predict", "contribution", "explain"])
def test_each_needs_the_role_predict(make: Callable[..., Any], tmp_path: Path, want: str) -> None:
    keys = {role: add_token(tmp_path / "tokens.json", role) for role in ("predict", "metrics", "admin")}
    client = make(explained, tokens=Tokens(tmp_path / "tokens.json"), local=False).client

    def ask(headers: dict[str, str]) -> int:
        return int(client.post(f"/v1/pets/{want}", json={"text": "a"}, headers=headers).status_code)

    found = {role: ask({"authorization": f"Bearer {key}"}) for role, key in keys.items()}
    assert found == {"predict": 200, "metrics": 403, "admin": 200} and ask({}) == 401


def test_an_unknown_method_is_refused_with_the_nearest(make: Callable[..., Any]) -> None:
    answer = make(explained).client.post("/v1/pets/explain?method=oclusion", json={"text": "b"})
    assert answer.status_code == 422 and answer.json()["error"] == {
        "code": "unknown_method",
        "message": "method must be one of occlusion, integrated_gradients, got 'oclusion'. Did you mean 'occlusion'?",
    }


def test_a_run_without_a_score_is_not_explained(make: Callable[..., Any], fake: Any) -> None:
    worker = fake(explained, {"pets": Description("x", "Detection", [])})
    for want in ("contribution", "explain"):
        answer = make(worker).client.post(f"/v1/pets/{want}", json={"text": "b"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_explained")


def test_explanations_do_not_count_as_predictions(make: Callable[..., Any]) -> None:
    served = make(explained)
    served.client.post("/v1/pets/explain", json={"text": "b"})
    text = served.client.get("/metrics").text
    assert 'mmexp_explain_seconds_count{run="pets"} 1.0' in text and 'mmexp_batch_size_count{run="pets"}' not in text
    assert 'mmexp_request_seconds_count{run="pets"}' not in text and 'status="200"} 1.0' in text
    assert '"want": "explain"' in served.audit.read_text()


def test_one_explanation_is_made_at_a_time_and_predictions_go_on(make: Callable[..., Any]) -> None:
    gate, together, most = threading.Event(), [0], [0]

    def act(payloads: Sequence[Payload]) -> list[Answer] | None:
        if payloads[0].want == "explain":
            together[0] += 1
            most[0] = max(most[0], together[0])
            gate.wait(20)
            together[0] -= 1
        return explained(payloads)

    served, answers = make(act, act), []

    def explain() -> None:
        answers.append(served.client.post("/v1/pets/explain", json={"text": "b"}).status_code)

    threads = [threading.Thread(target=explain) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert [served.ask(text="a").status_code for _ in range(20)] == [200] * 20 and answers == []
    gate.set()
    for thread in threads:
        thread.join(20)
    assert answers == [200] * 3 and most == [1]


def test_an_explanation_that_takes_a_worker_along_is_a_504_and_is_not_tried_again(make: Callable[..., Any]) -> None:
    def act(payloads: Sequence[Payload]) -> None:
        if payloads[0].want == "explain":
            raise WorkerDied("worker was ended")

    served = make(act)
    answer = served.client.post("/v1/pets/explain", json={"text": "b"})
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["retry-after"]) == (504, "timeout", "1")
    assert len(served.workers[0].seen) == 1 and served.ask(text="a").status_code == 200


@pytest.mark.parametrize("status", [422, 504])
def test_an_error_of_a_worker_is_answered_and_noted(make: Callable[..., Any], status: int) -> None:
    served = make(lambda payloads: [Answer(status, error("some_code", "no")) for _ in payloads])
    answer = served.ask(text="a")
    assert (answer.status_code, answer.json()) == (status, {"error": {"code": "some_code", "message": "no"}})
    assert ("retry-after" in answer.headers) == (status == 504) and '"code": "some_code"' in served.audit.read_text()


def test_bodies_that_do_not_fit_together_wait_outside(make: Callable[..., Any]) -> None:
    answer = make(pending=3).ask(text="a")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"]["message"] == "bodies must have at most 3 bytes together, got 12 more."


def test_a_server_that_stops_still_answers_the_explanations_that_wait(make: Callable[..., Any]) -> None:
    gate = threading.Event()

    def act(payloads: Sequence[Payload]) -> list[Answer] | None:
        gate.wait(20)
        return explained(payloads)

    served, answers = make(act, act), []

    def explain() -> None:
        answers.append(served.client.post("/v1/pets/explain", json={"text": "b"}).status_code)

    threads = [threading.Thread(target=explain) for _ in range(3)]
    for thread in threads:
        thread.start()
    pause = threading.Event()
    while len(served.dispatcher._queue) < 2:
        pause.wait(0.01)
    served.dispatcher.close()
    pause.wait(0.05)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert answers == [200] * 3
