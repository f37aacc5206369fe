from __future__ import annotations

import pytest

from mmexp.run.redact import MARK, is_secret, redact, redact_tree, remember

SECRET = "s3cr3t-Value/42"


@pytest.mark.parametrize(
    "text",
    [
        "https://user:{}@example.org/x",
        "postgres://me:a@{}@host/db",
        "https://example.org/x?token={}&page=1",
        "http://example.org?api_key={}",
        "error: password={} refused",
        "Client(api_key='{}', retries=3)",
        'Client(token="{}")',
        "{{'password': '{}'}}",
        '{{\\"password\\": \\"{}\\"}}',
        "password: {}",
        "mmexp train --password {} seed=1",
        "mmexp train --api-key={} seed=1",
        "logger.api_key={}",
        "hub.token={}",
        "HF_TOKEN={}",
        "accessToken: '{}'",
        "Authorization: Bearer {}",
        "client_secret => {}",
    ],
)
def test_a_secret_is_gone_wherever_it_stands(text: str) -> None:
    clean = redact(text.format(SECRET))
    assert "s3cr3t" not in clean
    assert MARK in clean
    assert redact(clean) == clean


@pytest.mark.parametrize(
    "shape",
    [
        "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "github_pat_11ABCDEFG0123456789_abcdef",
        "glpat-abcdefghij0123456789",
        "AKIAIOSFODNN7EXAMPLE",
        "sk-proj-abc123def456ghi789jkl",
        "xoxb-1234567890-abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_known_shape_is_gone_without_a_name(shape: str) -> None:
    assert redact(f"before {shape} after") == f"before {MARK} after"


@pytest.mark.parametrize(
    "text",
    [
        "tokenizer=/runs/a/tokenizer.json max_tokens=4096 seed=1234567890 tokens: 12345678",
        "pad_token=[PAD_TOKEN_1] cls_token='[CLS]12345' num_token=12345678 class_token=True",
        "token = tokenizer.encode(text)",
        "def embed(token: Tensor, next_token: int) -> Tensor: ...",
        "key=value keyboard=12345678 monkey: 12345678",
        "hf_transformers sk-learn task-specific-learning-rate-2 forward_pass=12345678",
        "git@github.com:user/mmexp.git http://localhost:8080/x user@example.org",
        "PWD=/home/me/project OLDPWD=/home/me",
        "test/accuracy=0.91 lr: 0.001",
    ],
)
def test_words_of_the_field_stay(text: str) -> None:
    assert redact(text) == text


def test_the_value_of_a_secret_variable_is_gone_even_without_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "plainwordsonly")
    monkeypatch.setenv("MAX_TOKENS", "tokencount")
    monkeypatch.setenv("DB_PASS", "short")
    assert redact("said plainwordsonly tokencount short") == f"said {MARK} tokencount short"


def test_a_tree_keeps_its_form() -> None:
    tree = {
        "hub": {"token": SECRET, "tokenizer": "a.json", "url": f"https://u:{SECRET}@h"},
        "password": 12345,
        "credentials": {"user": "me", "key": SECRET},
        "class_token": True,
        "token": None,
        "max_tokens": 7,
        "pair": ("a", 0.5),
    }
    clean = redact_tree(tree)
    assert clean == {
        "hub": {"token": MARK, "tokenizer": "a.json", "url": f"https://{MARK}@h"},
        "password": MARK,
        "credentials": MARK,
        "class_token": True,
        "token": None,
        "max_tokens": 7,
        "pair": ("a", 0.5),
    }
    assert redact_tree(clean) == clean


def test_a_command_line_word_by_word_hides_letters_too() -> None:
    command = [
        "mmexp",
        "train",
        "hub.token=onlyletters",
        "+x.password=a b",
        "--secret",
        "zz",
        "--seed",
        "3",
        "fusion=gated",
    ]
    assert redact_tree(command) == [
        "mmexp",
        "train",
        f"hub.token={MARK}",
        f"+x.password={MARK}",
        "--secret",
        MARK,
        "--seed",
        "3",
        "fusion=gated",
    ]


@pytest.mark.parametrize("name", ["API_KEY", "apiKey", "hub.token", "--db-password", "CLIENT_SECRET_ID", "DB_PWD"])
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["tokenizer", "max_tokens", "pad_token", "key", "PWD", "monkey", "seed", "", "_"])
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret(name)


def test_a_long_line_is_read_to_its_end() -> None:
    """With a pattern that starts over at every character this takes minutes."""
    for unit in ("a", "-b", "a://", "a:", "x=", "eyJ", "sk-", " -a"):
        assert redact(unit * (100_000 // len(unit)) + "=")


def test_a_secret_of_a_config_is_known_without_its_name_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexp.run.redact._remembered", set())
    assert redact("refused mellon-friend") == "refused mellon-friend"
    remember(
        {"dataset": {"parts": [{"api_key": "mellon-friend", "dim": 8}], "password": "short", "name": "anybody-else"}}
    )
    assert redact("refused mellon-friend, short, anybody-else") == f"refused {MARK}, short, anybody-else"
