from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mmexp.deploy.serve.exchange import Payload
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.share import Share
from mmexp.deploy.serve.tokens import Tokens, add_token


def test_a_client_over_its_share_is_refused_and_others_are_not() -> None:
    share = Share(2)
    with share.one("a"), share.one("a"), share.one("b"):
        with pytest.raises(Refusal, match="client must have at most 2 requests without an answer, got one more") as e:
            share.one("a").__enter__()
        assert (e.value.status, e.value.code, e.value.retry_after) == (429, "too_many_requests", 1)
    with share.one("a"), share.one("a"):
        pass
    assert not share._open


def test_without_a_limit_a_client_may_have_any_number() -> None:
    share = Share(None)
    with share.one("a"), share.one("a"), share.one("a"):
        assert share._open == {"a": 3}


def test_a_request_that_fails_is_no_longer_counted() -> None:
    share = Share(1)
    with pytest.raises(ZeroDivisionError), share.one("a"):
        raise ZeroDivisionError
    with share.one("a"):
        pass


def test_of_many_requests_of_two_clients_at_once_each_gets_its_share_and_a_full_queue_is_another_answer(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    """One client sends 10 and may have 3, another 2: 7 are 429 with Retry-After, none 503, and none of the other."""
    gate, answers = threading.Event(), []
    keys = {name: add_token(tmp_path / "tokens.json", "predict") for name in ("greedy", "modest")}

    def act(payloads: Sequence[Payload]) -> None:
        gate.wait(20)

    served = make(act, tokens=Tokens(tmp_path / "tokens.json"), share=3, queue=8)

    def ask(name: str) -> None:
        headers = {"authorization": f"Bearer {keys[name]}"}
        answers.append((name, served.client.post("/v1/pets/predict", json={"text": "a"}, headers=headers)))

    threads = [threading.Thread(target=ask, args=(name,)) for name in ["greedy"] * 10 + ["modest"] * 2]
    for thread in threads:
        thread.start()
    pause = threading.Event()
    while len(answers) < 7:
        pause.wait(0.01)
    gate.set()
    for thread in threads:
        thread.join(20)
    found = {name: sorted(one.status_code for own, one in answers if own == name) for name in keys}
    assert found == {"greedy": [200] * 3 + [429] * 7, "modest": [200] * 2}
    refused = [one for _, one in answers if one.status_code == 429]
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    assert refused[0].json()["error"]["code"] == "too_many_requests"
    assert 'code="too_many_requests",run="pets",status="429"} 7.0' in served.dispatcher.meters.text().decode()
