from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from mmexp.cli import main
from mmexp.cli.serve import named_runs
from mmexp.deploy.serve.alert.rule import Thresholds
from mmexp.deploy.serve.server import Settings
from mmexp.error import ConfigError


def made(outputs: Path, name: str, run: str = "20250131-120000-1f3a") -> Path:
    path = outputs / name / run
    path.mkdir(parents=True)
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What would have been served."""
    found: list[Settings] = []

    def serve(settings: Settings, say: Any) -> None:
        found.append(settings)
        say("http://127.0.0.1:1/")

    monkeypatch.setattr("mmexp.deploy.serve.server.serve", serve)
    return found


def test_runs_are_served_under_their_names(
    asked: list[Settings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = made(tmp_path, "pets"), made(tmp_path, "cars", "20250131-120000-2f3a")
    words = [str(one), "vehicles=20250131-120000-2f", "hardware=cpu", "--outputs", str(tmp_path)]
    assert main(["serve", *words, "--max-batch", "3", "--queue", "5", "--workers", "1", "--port", "0"]) == 0
    (settings,) = asked
    assert settings.runs == {"pets": str(one), "vehicles": str(other)} and settings.overrides == ["hardware=cpu"]
    assert (settings.limits.batch, settings.limits.queue, settings.workers, settings.port) == (3, 5, 1, 0)
    assert (settings.host, settings.tokens) == ("127.0.0.1", None)
    assert settings.audit == tmp_path / "serve" / "audit.jsonl"
    assert capsys.readouterr().out == "pets, vehicles at http://127.0.0.1:1/\n"


def test_shares_redaction_and_alerts_are_off_unless_they_are_asked_for(asked: list[Settings], tmp_path: Path) -> None:
    words = ["serve", str(made(tmp_path, "pets")), "--outputs", str(tmp_path)]
    options = ["--share", "4", "--redact", "--alert-url", "http://127.0.0.1:1/hook", "--thresholds", "p95=2"]
    assert main(words) == 0 and main([*words, *options]) == 0
    plain, other = asked
    assert (plain.limits.share, plain.redact, plain.webhook, plain.thresholds) == (None, False, None, Thresholds())
    assert (other.limits.share, other.redact, other.thresholds) == (4, True, Thresholds(p95=2))
    assert other.webhook is not None and other.webhook.host == "127.0.0.1"


def test_two_runs_of_one_name_need_another(tmp_path: Path) -> None:
    paths = [str(made(tmp_path, "pets", f"20250131-120000-{i}f3a")) for i in (1, 2)]
    with pytest.raises(ConfigError, match="each run must have a name of its own, got 'pets' twice") as caught:
        named_runs(paths, str(tmp_path))
    assert caught.value.hint == f"Add a name: pets-2={paths[1]}"


def test_a_name_is_a_plain_word(tmp_path: Path) -> None:
    path = made(tmp_path, "<b>")
    with pytest.raises(ConfigError, match=r"name must be letters, digits and \. _ \+ -, got '<b>'") as caught:
        named_runs([str(path)], str(tmp_path))
    assert caught.value.hint == f"Add a name: model={path}"
    with pytest.raises(ConfigError, match="got 'a/b'"):
        named_runs([f"a/b={path}"], str(tmp_path))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "RUN must be given, got none"),
        (["--workers", "0"], "--workers must be at least 1, got 0"),
        (["--max-batch", "0"], "--max-batch must be at least 1, got 0"),
        (["--queue", "-1"], "--queue must be at least 1, got -1"),
        (["--share", "0"], "--share must be at least 1, got 0"),
        (["--alert-url", "ftp://a/"], "--alert-url must be http:// or https://"),
        (["--thresholds", "p96=1"], "--thresholds must be among errors, queue, p95, psi, ks, z, restarts, got 'p96'"),
        (["--alert-rules", "a.yaml", "--thresholds", "ks=-1"], "--thresholds ks must be a positive number, got '-1'"),
        (["--new-token", "predict"], "--tokens must be given with a new token, got none"),
        (
            ["--new-token", "root", "--tokens", "t.json"],
            "role of a new token must be predict, metrics, admin, got 'root'",
        ),
    ],
)
def test_wrong_usage_is_refused(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["serve", *words]) == 2 and says in capsys.readouterr().err


def test_a_new_token_is_printed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tokens.json"
    assert main(["serve", "--new-token", "predict", "--tokens", str(path)]) == 0
    token = capsys.readouterr().out.strip()
    assert token.startswith("mmexp_") and token not in path.read_text()
    assert [one["role"] for one in json.loads(path.read_text())["tokens"]] == ["predict"]


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "prometheus_client" else name)
    assert main(["serve", "last"]) == 2
    said = capsys.readouterr().err
    assert "packages of the extra 'serve' must be installed, got no prometheus-client" in said
    assert "Run: pip install prometheus-client" in said
