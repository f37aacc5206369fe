from __future__ import annotations

import pytest

from mmexp.config.compose import compose
from mmexp.config.environment import read_environment
from mmexp.error import ConfigError


def test_variables_that_say_where_things_lie_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("MMEXP_WIDTH", "32")
    monkeypatch.delenv("MMEXP_NOT_SET", raising=False)
    assert read_environment("HOME") == "/home/me"
    assert read_environment("MMEXP_NOT_SET", None) is None
    assert compose(["dim=${oc.env:MMEXP_WIDTH}", "outputs=${oc.env:HOME}/runs"]).plain()["outputs"] == "/home/me/runs"


def test_any_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_TOKEN", "open-sesame-for-me")
    with pytest.raises(
        ConfigError, match=r"among MMEXP_\*, .*, got 'CLOUD_TOKEN'\. Set MMEXP_CLOUD_TOKEN and read that"
    ):
        read_environment("CLOUD_TOKEN")
    for word in ("name=${oc.env:CLOUD_TOKEN}", "name='x${oc.env:${oc.decode:CLOUD_TOKEN}}'"):
        with pytest.raises(ConfigError, match="name must read an environment variable among") as caught:
            compose([word])
        assert "open-sesame" not in str(caught.value)


def test_one_that_is_not_set_needs_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMEXP_NOT_SET", raising=False)
    rule = r"outputs must read an environment variable that is set, got none called 'MMEXP_NOT_SET'\. Set it, or"
    with pytest.raises(ConfigError, match=rule):
        compose(["outputs=${oc.env:MMEXP_NOT_SET}", "pretrained=last"])
    assert compose(["outputs=${oc.env:MMEXP_NOT_SET,runs}"]).plain()["outputs"] == "runs"


@pytest.mark.parametrize("word", ["name=${eval:1+1}", "name=${now:%Y}", "outputs=${eval:1}"])
def test_a_resolver_that_does_not_exist_is_named(word: str) -> None:
    with pytest.raises(ConfigError, match=r"must use a resolver that exists, got '(eval|now)'"):
        compose([word])
