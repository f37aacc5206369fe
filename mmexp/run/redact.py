"""No secret is written: what looks like one becomes REDACTED, in text and in structures.

A secret is known by its name (``api_key=...``, an environment variable), by its place (``https://user:password@``) or
by its shape (``hf_...``, ``Bearer ...``). Words of the field such as ``pad_token`` and ``max_tokens`` are no secrets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

MARK = "REDACTED"
_SHORTEST = 8  # characters; anything shorter stands in too many innocent places
_remembered: set[str] = set()

_ALWAYS = {"password", "passwd", "passphrase", "secret", "secrets", "credential", "credentials", "authorization"}
_ALWAYS |= {"apikey", "accesskey", "secretkey", "privatekey", "authtoken", "accesstoken"}
_KEYS = {"api", "access", "private", "signing", "encryption", "account", "auth", "master", "deploy"}
_VOCABULARY = {"pad", "unk", "mask", "cls", "class", "sep", "bos", "eos", "start", "end", "special", "dist", "register"}
_VOCABULARY |= {"max", "min", "num", "per", "image", "text", "audio", "video", "query", "prefix", "word", "extra"}

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_USERINFO = re.compile(
    r"(?<![\w+.-])([A-Za-z][\w+.-]*+://)(?:[^\s/:@'\"<>]*:(?!\d+/)[^\s'\"<>]{0,300}|[^\s/'\"<>]{0,300})@"
)
_NAME = re.compile(r"""(?<![\w.-])([\w.-]++)\\?["']?[ \t]*(?:=>|[:=])[ \t]*""")
_VALUE = re.compile(r"""\\?"[^"\n]*"|\\?'[^'\n]*'|[^\s"'&]*[^\s"'&,;:.)}\]\\]""")
_FLAG = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*)([ \t]+)([^\s-]\S*)")
_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=[Bb]earer )[\w.~+/=-]{8,}|(?<=[Bb]asic )[A-Za-z0-9+/=]{12,}"
    r"|\bhf_(?=[A-Za-z]*\d|[A-Za-z]{20})[A-Za-z0-9]{8,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{12,}|\bgithub_pat_\w{12,}|\bglpat-[\w-]{12,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bAIza[\w-]{30,}|\bxox[abprs]-[\w-]{10,}"
    r"|(?<![\w-])[sr]k[-_](?=[\w-]*\d)[\w-]{16,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|(?<=[?&]sig=)[^\s&]+|(?<=-[Ss]ignature=)[^\s&]+",
    re.DOTALL,
)


def redact(text: str) -> str:
    """Return the text without secrets; a second pass changes nothing."""
    return _text(text, _environment())


def redact_tree(value: Any) -> Any:
    """Return mappings, lists and text in the same form without secrets; everything else as it is."""
    return _tree(value, _environment())


def remember(value: Any) -> None:
    """Take what stands under a secret name of a config for a secret in any text from now on."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        if isinstance(item, str) and is_secret(str(name)) and len(item) >= _SHORTEST:
            _remembered.add(item)
        remember(item)


def is_secret(name: str) -> bool:
    """Whether a key, flag or environment variable is named like a secret."""
    words = ["", *(word.lower() for word in _WORD.findall(name.rpartition(".")[2]))]
    before, last = words[-2:] if len(words) > 1 else ("", "")
    return (
        not _ALWAYS.isdisjoint(words)
        or (last == "key" and before in _KEYS)
        or (last == "token" and before not in _VOCABULARY)
        or (last == "pwd" and before not in {"", "old"})
        or (last == "pass" and name.isupper())
    )


def _environment() -> list[str]:
    """Values of secret environment variables, and those remembered; the longest first."""
    values = {value for name, value in os.environ.items() if is_secret(name) and len(value) >= _SHORTEST}
    return sorted(values | _remembered, key=len, reverse=True)


def _text(text: str, known: Sequence[str]) -> str:
    for value in known:
        text = text.replace(value, MARK)
    text = _USERINFO.sub(rf"\g<1>{MARK}@", _SHAPES.sub(MARK, text))
    return _FLAG.sub(lambda flag: f"{flag[1]}{flag[2]}{MARK}" if is_secret(flag[1]) else flag[0], _assignments(text))


def _assignments(text: str) -> str:
    """Redact the value of every ``name=value`` and ``name: value``; a value may begin with the next name."""
    parts, done = [], 0
    for name in _NAME.finditer(text):
        if name.start() < done or not is_secret(name[1]) or not (value := _VALUE.match(text, name.end())):
            continue
        bare = value[0].strip("\\\"'")
        if bare and (not _is_token(name[1]) or _is_random(bare, quoted=bare != value[0])):
            parts += [text[done : name.end()], value[0].replace(bare, MARK)]
            done = value.end()
    return "".join([*parts, text[done:]])


def _is_token(name: str) -> bool:
    """In program text a lower-case ``token`` is mostly one of a text, so its value has the last word."""
    words = {word.lower() for word in _WORD.findall(name)}
    return "token" in words and _ALWAYS.isdisjoint(words) and not name.isupper()


def _is_random(value: str, quoted: bool) -> bool:
    """Whether it looks like no number, name or expression."""
    plain = r"[-+.\d_e]+" if quoted else r"[-+.\d_e]+|[A-Za-z_.()\[\]]+"
    return len(value) >= _SHORTEST and re.fullmatch(plain, value) is None


def _tree(value: Any, known: Sequence[str]) -> Any:
    if isinstance(value, str):
        return _text(value, known)
    if isinstance(value, Mapping):
        return {_tree(key, known): _entry(str(key), item, known) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_item(before, item, known) for before, item in zip(["", *value], value, strict=False))
    return value


def _entry(name: str, value: Any, known: Sequence[str]) -> Any:
    """What stands under a secret name goes as a whole; a switch, a count or a short word named ``token`` stays."""
    innocent = value is None or isinstance(value, bool)
    if _is_token(name):
        innocent = not isinstance(value, str) or len(value) < _SHORTEST
    return _tree(value, known) if innocent or not is_secret(name) else MARK


def _item(before: Any, value: Any, known: Sequence[str]) -> Any:
    """A command line says ``name=value`` in one word, or ``--name`` in one and the value in the next."""
    if isinstance(before, str) and before.startswith("-") and "=" not in before and is_secret(before):
        return MARK
    if isinstance(value, str) and re.match(r"[\w.+~/@-]+=", value):
        name, _, rest = value.partition("=")
        return f"{_text(name, known)}={_entry(name, _text(rest, known), known)}"
    return _tree(value, known)
