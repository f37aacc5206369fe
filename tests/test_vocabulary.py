"""One word per idea, the field's: what is said in messages, docstrings, comments, YAMLs and pages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

WORDS = {
    "predicted from, reports, returns or given": r"told|tells?|telling",
    "predictions, images or what it is": r"exhibits?|strays?|screened|give_second_name",
    "baseline, comparison or verdict": r"sanity gate|the gate(?!\w)(?= says|'s|,|\.|$)|rivals?",
    "chance variation or majority class": r"luck|lucky|commonest|at the luck of",
    "image, video or audio": r"pictures?|(?<!\| )(?-i:[Ff]ilms?)(?!\.|Fusion|_)",
    "objects, purchases, interacted with": r"things(?!:)|taste[sd]?",
    "dialogue": r"(?:a|the|of) talk|talks",
    "generate, sample, generator": r"paint(?:s|ed|er|ers|ing|ings)?|canvas painter|adversary",
    "evaluator, classifier, recognizer": r"judged? (?:of|by)|listeners?|hear[sd]?|the judge",
    "prediction error, predict, nll": r"misfits?|foretell(?:s|ing)?|foretold|surprise[sd]?",
    "masking, filled in": r"hiding|hidden away|stood in|stands? in for",
    "next to, after, does not exist, where to": r"beside|in vain|for want of|whither",
    "uniformly, fix, resume": r"alike|mend(?:s|ed|ing)?|go(?:es)? on with",
    "targets": r"goals?",
    "OK: ...": r"holds: ",
    "Run: mmexp ... or Set key=...": r"(?-i:[Tt]ype (?:mmexp|make|pip|-m|[+~]?[\w.{}]+=))",
}
"""What to write -> a pattern of the words that went."""

PATTERNS = {write: re.compile(rf"(?<![\w.`=/-])(?i:{words})(?![\w`=/-])") for write, words in WORDS.items()}

CLEAN = ("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "README.md", "conf", "docs", "mmexp", "scripts")
"""Paths, from the root, that hold none of these words."""

TITLE = re.compile(r'"[A-Z][^"]*"')
"""The title of a paper, or words of somebody else."""

SHOWN = re.compile(r"^```(?:text|console|python|yaml|json)\n.*?^```", re.MULTILINE | re.DOTALL)


def pages() -> Iterator[Path]:
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


@cache
def said(path: Path) -> list[tuple[int, str]]:
    """What a file says to a reader, by line: prose of a page, strings and comments of code, comments of a YAML."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return [*strings(text), *comments(text)]
    if path.suffix == ".yaml":
        return [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.startswith("#") or " # " in line]
    prose = SHOWN.sub(lambda block: "\n" * block[0].count("\n"), text)
    return list(enumerate(prose.splitlines(), 1))


def strings(text: str) -> Iterator[tuple[int, str]]:
    """Lines of the strings of a module that hold more than one word: messages and docstrings."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from enumerate(node.value.splitlines(), node.lineno)


def comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def found(path: Path) -> list[str]:
    """Each word that went, with its place and what to write."""
    return [
        f"{path.relative_to(ROOT)}:{number} {hit[0]!r}: write {write}"
        for number, line in said(path)
        for write, pattern in PATTERNS.items()
        for hit in pattern.finditer(TITLE.sub("", line))
    ]


def files() -> list[Path]:
    code = [path for folder in ("mmexp", "scripts") for path in sorted((ROOT / folder).rglob("*.py"))]
    return [*pages(), *code, *sorted((ROOT / "conf").rglob("*.yaml"))]


@pytest.mark.parametrize("path", CLEAN)
def test_words_that_went_are_not_used(path: str):
    here = [one for one in files() if one == ROOT / path or ROOT / path in one.parents]
    hits = [hit for one in here for hit in found(one)]
    assert here and not hits, "\n".join(hits)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('"""Tell a number: it is told by the picture."""', "told"),
        ('"""Pictures of a batch."""', "Pictures"),
        ('raise ValueError("Type mmexp list.")', "Type mmexp"),
        ("x = 1  # beside the goal", "beside"),
    ],
)
def test_a_word_that_went_is_found(text: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(found.__globals__, "ROOT", tmp_path)
    (tmp_path / "made_up.py").write_text(text)
    assert any(repr(word) in hit for hit in found(tmp_path / "made_up.py"))


@pytest.mark.parametrize(
    "text", ["x = goal", 'key = "picture"', '"""Filmed with ``film``, FiLM."""', '"""See "Show and Tell"."""']
)
def test_names_and_other_words_are_left_alone(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(found.__globals__, "ROOT", tmp_path)
    (tmp_path / "made_up.py").write_text(text)
    assert found(tmp_path / "made_up.py") == []


if __name__ == "__main__":
    print("\n".join(hit for path in files() for hit in found(path)))
