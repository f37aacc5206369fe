from __future__ import annotations

import threading
from collections.abc import Sequence
from multiprocessing import Pipe
from typing import Any

import pytest

from mmexp.deploy.serve.exchange import Answer, Description, Payload
from mmexp.deploy.serve.inside import NotReady, Plan, Ready, work
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.served import ServedRun
from mmexp.error import ConfigError

DESCRIPTION = Description("x", "Classification", [])


class Fake:
    def describe(self) -> Any:
        return DESCRIPTION

    def answer(self, payloads: Sequence[Payload]) -> list[Answer]:
        return [Answer(200, {"id": one.id}) for one in payloads]


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Plan:
    monkeypatch.setattr("tempfile.tempdir", None)
    return Plan({"pets": "path"}, (), Limits(), 1, str(tmp_path))


def test_it_answers_until_the_pipe_is_closed(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServedRun, "load", lambda *arguments: Fake())
    ours, theirs = Pipe()
    thread = threading.Thread(target=work, args=(theirs, plan))
    thread.start()
    assert ours.recv() == Ready({"pets": DESCRIPTION})
    ours.send(("pets", [Payload("a", {}), Payload("b", {})]))
    assert [one.body["id"] for one in ours.recv()] == ["a", "b"]
    ours.close()
    thread.join(20)
    theirs.close()
    assert not thread.is_alive()


def test_it_says_why_it_cannot_begin(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> None:
        raise ConfigError("run: x must have a checkpoint, got none.", "Run: mmexp list")

    monkeypatch.setattr(ServedRun, "load", fail)
    ours, theirs = Pipe()
    work(theirs, plan)
    assert ours.recv() == NotReady("run: x must have a checkpoint, got none.", "Run: mmexp list", 2)
    ours.close()
    theirs.close()
