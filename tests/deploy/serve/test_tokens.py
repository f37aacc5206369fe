from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.tokens import Tokens, add_token
from mmexp.error import ConfigError


def test_only_the_hash_of_a_token_is_kept_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    token = add_token(path, "predict")
    (one,) = json.loads(path.read_text())["tokens"]
    assert one["sha256"] == hashlib.sha256(token.encode()).hexdigest() and one["role"] == "predict"
    assert token not in path.read_text() and len(token) > 40
    assert path.stat().st_mode & 0o777 == 0o600
    assert Tokens(path).check(f"Bearer {token}", "predict").id == one["id"]
    assert add_token(path, "predict") != token and len(json.loads(path.read_text())["tokens"]) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer x", "Basic {token}", "{token}", "Bearer é"])
def test_any_other_header_is_refused(tmp_path: Path, header: str | None) -> None:
    token = add_token(tmp_path / "tokens.json", "admin")
    given = header.format(token=token) if header else header
    with pytest.raises(Refusal, match="must be 'Bearer' and a token that is known, got another") as caught:
        Tokens(tmp_path / "tokens.json").check(given, "predict")
    assert caught.value.status == 401


def test_a_token_of_another_role_is_refused(tmp_path: Path) -> None:
    token = add_token(tmp_path / "tokens.json", "metrics")
    with pytest.raises(Refusal, match="must have the role predict or admin, got metrics") as caught:
        Tokens(tmp_path / "tokens.json").check(f"Bearer {token}", "predict")
    assert caught.value.status == 403


def test_tokens_change_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    old = add_token(path, "predict")
    tokens = Tokens(path)
    new = add_token(path, "predict")
    assert tokens.check(f"Bearer {new}", "predict") and tokens.check(f"Bearer {old}", "predict")
    path.write_text(json.dumps({"tokens": json.loads(path.read_text())["tokens"][1:]}))
    with pytest.raises(Refusal, match="a token that is known"):
        tokens.check(f"Bearer {old}", "predict")
    assert tokens.check(f"Bearer {new}", "predict")


def test_a_file_that_breaks_meanwhile_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    token = add_token(path, "predict")
    tokens = Tokens(path)
    path.write_text("{")
    assert tokens.check(f"Bearer {token}", "predict")
    os.unlink(path)
    assert tokens.check(f"Bearer {token}", "predict")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"tokens": [{"id": "a"}]}', '{"tokens": [{"id": 1, "role": 1, "sha256": "x"}]}']
)
def test_a_file_of_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tokens.json").write_text(text)
    with pytest.raises(ConfigError, match=r"--tokens must be a file of tokens, got .*tokens\.json") as caught:
        Tokens(tmp_path / "tokens.json")
    assert caught.value.hint == "Move it away, and make new tokens."
    with pytest.raises(ConfigError, match="must be a file of tokens, got nowhere") as absent:
        Tokens(Path("nowhere"))
    assert absent.value.hint == "Run: mmexp serve --new-token=predict --tokens nowhere"


def test_an_unknown_role_and_a_place_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="role of a new token must be predict, metrics, admin, got 'root'"):
        add_token(tmp_path / "tokens.json", "root")
    with pytest.raises(ConfigError, match=r"--tokens must be a file that can be written, got .*nowhere"):
        add_token(tmp_path / "nowhere" / "tokens.json", "admin")
