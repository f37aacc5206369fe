"""Comparisons of runs that were never trained, with all that a page reads, also of hostile ones."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import Comparison, make_comparison
from mmexp.analysis.verdict import BaselineComparison
from mmexp.run.summary import RunRow

_TAKE = "document.title='taken'"
ATTACK = f"""<img src=x onerror="{_TAKE}"><script>{_TAKE}</script>\'"</script></style>&amp;\x1b[31m"""


class Tags(HTMLParser):
    """The elements of a text, each with its attributes, and all of its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.found if tag == name]


@pytest.fixture
def tags() -> type[Tags]:
    return Tags


@pytest.fixture
def fill() -> Callable[..., RunRow]:
    """Write what a run leaves: what was typed, metrics, config and samples, all with one word in it."""

    def filled(run: RunRow, word: str = "") -> RunRow:
        folder = run.folder
        folder.samples.mkdir(parents=True)
        folder.manifest.write_text(json.dumps({"command": ["mmexp", "train", f"name={word}"]}))
        rows = [{"step": i, "epoch": i, "val/f1": i / 4, "train/loss": 1 / (i + 1)} for i in range(4)]
        folder.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        fusion = {"_target_": f"mmexp.{run.config['fusion']}", "note": word}
        config = {"dim": 8, "fusion": fusion, "name": "n", "seed": 1}
        folder.start.write_text(json.dumps({"sha256": "", "config": config}))
        Image.new("RGB", (40, 30), "red").save(folder.samples / "0.jpg")
        kept = {"image": {"file": "0.jpg"}, "text": {"text": f"a text {word}"}}
        (folder.samples / "samples.jsonl").write_text(json.dumps({"id": f"s0{word}", "inputs": kept}))
        return run

    return filled


@pytest.fixture
def make_comparison_of(make_row: Callable[..., RunRow], fill: Callable[..., RunRow]) -> Callable[..., Comparison]:
    """Two fusions and their single inputs, three seeds each."""

    def make(word: str = "", data: str = "ab") -> Comparison:
        rows = []
        for seed in range(3):
            answers = [
                {"id": f"s{i}{word}", "label": f"b{word}" if i % 2 else "a", "target": f"b{word}", "score": 0.8}
                for i in range(4)
            ]
            for value, more in (
                (0.9, {"fusion": f"gated{word}"}),
                (0.8, {"fusion": "sum"}),
                (0.7, {"fusion": "none", "inputs": ["image"]}),
                (0.4, {"fusion": "none", "inputs": ["audio"]}),
            ):
                own = value + seed * value / 50
                made = make_row(own, seed, metric="test/f1", rows=answers, data=data, **more)
                rows.append(fill(made, word))
        return make_comparison(compare(rows)[0], BaselineComparison(rows))

    return make


@pytest.fixture
def attack() -> str:
    return ATTACK


@pytest.fixture(scope="session")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[str, list[str]]]:
    """Open a file in a headless browser; the document as it is then, and what the browser complains about."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed")
    profile = tmp_path_factory.mktemp("browser")

    def opened(page: Path, *options: Any) -> tuple[str, list[str]]:
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={profile}"]
        words += ["--allow-file-access-from-files", "--virtual-time-budget=2000", *options, "--dump-dom", page.as_uri()]
        done = subprocess.run([browser, *words], capture_output=True, text=True, timeout=120)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return opened
