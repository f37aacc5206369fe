"""The commands of README.md: each is read from its code blocks and tried as far as it goes without training."""

from __future__ import annotations

import re
import shlex
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.cli._main import verbs
from mmexp.config.compose import Config, compose, load_config, stored
from mmexp.config.override import expand
from mmexp.run import provenance as manifest
from mmexp.run import summary
from mmexp.run.folder import RunFolder

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
if not README.exists():
    pytest.skip("README.md is not there", allow_module_level=True)

TEXT = README.read_text(encoding="utf-8")
BLOCK = re.compile(r"^[ ]*```(console|bash|sh|shell)\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
RUNS_HERE = ("check", "compare", "list", "show")


def commands(program: str) -> list[list[str]]:
    """Words of each command of a program; in a console block only what stands behind the prompt is typed."""
    found = []
    for kind, block in BLOCK.findall(TEXT):
        for line in block.replace("\\\n", " ").splitlines():
            typed = line.strip().removeprefix("$ ")
            if kind == "console" and "$ " in block and typed == line.strip():
                continue
            for part in re.split(r"\s(?:&&|\|\||[;|])\s", typed):
                words = shlex.split(part, comments=True)
                if words and words[0].rpartition("/")[2] == program and words not in found:
                    found.append(words)
    return found


def spoken(verb: str) -> list[list[str]]:
    return [words[2:] for words in commands("mmexp") if words[1:2] == [verb]]


def each(argvalues: list[list[str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words) or "-") for words in argvalues])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that is not the checkout's."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(words: list[str]) -> list[str]:
    """What is neither an option nor the value of one."""
    flags = {"-m", "--multirun", "--fail-fast", "--show", "--json", "--all", "--fast"}
    after = [None, *words]
    return [w for w, last in zip(words, after, strict=False) if w[0] != "-" and (not is_option(last) or last in flags)]


def is_option(word: str | None) -> bool:
    return bool(word) and word.startswith("-")


def composed(words: list[str], folder: Path) -> list[Config]:
    """The config of each run that a line of training asks for; a stored config is made up."""
    jobs = expand(given(words)) if {"-m", "--multirun"} & set(words) else [given(words)]
    if "--config" not in words:
        return [compose(job) for job in jobs]
    (folder / "config.yaml").write_text(stored(compose()))
    return [load_config(folder, job) for job in jobs]


@cache
def chosen(task: str) -> dict[str, str]:
    return compose([task]).choices


@pytest.fixture
def made_up_runs(elsewhere: Path) -> None:
    """Two seeds of two fusions in each task of the README, finished."""
    tasks = {word for words in commands("mmexp") for word in words if word.startswith("task=")}
    for task, fusion, seed in product(sorted(tasks) or ["task=classification"], ("concat", "attention"), (0, 1)):
        choices = {**chosen(task), "fusion": fusion, "seed": seed, "inputs": ["image"]}
        folder = RunFolder.create("outputs", f"{choices['task']}-{fusion}")
        manifest.begin(folder, command=["mmexp", "train"], seed=seed, config=choices)
        scores = {
            f"{split}/{name}": 0.5 + seed / 10 for split in ("val", "test") for name in ("accuracy", "bleu4", "f1")
        }
        verdict = {"monitor": "val/accuracy", "mode": "max", "metrics": scores, "config": choices, "fingerprint": "ab"}
        summary.write(folder, {"status": "done", "parameters": {"total": 1}, "seconds": {"train": 1.0}, **verdict})
        manifest.finish(folder, "done", seconds=1.0)


def test_it_shows_how_to_train_and_how_to_make_the_demo():
    assert spoken("train") and ["make", "demo"] in commands("make")


@each(commands("make"))
def test_a_target_is_in_the_makefile(words: list[str]):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [word for word in words[1:] if "=" not in word and word not in targets] == []


@each(commands("mmexp"))
def test_a_verb_and_its_options_exist(words: list[str]):
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    usage = f"-h --help --version {import_module(f'mmexp.cli.{verb}').USAGE if verb else ''}"
    assert not verb or verb in verbs()
    assert [word for word in words[1:] if word.startswith("-") and word.partition("=")[0] not in usage] == []


@each([words for words in spoken("train") if "--help" not in words])
def test_a_training_composes(words: list[str], elsewhere: Path):
    configs = composed(words, elsewhere)
    assert configs and all(config.plain()["name"] for config in configs)


@each([[verb, *words] for verb in RUNS_HERE for words in spoken(verb)])
def test_a_quick_verb_runs(words: list[str], made_up_runs: None, capsys: pytest.CaptureFixture[str]):
    assert main(words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


@each([[name] for name in sorted(set(LINK.findall(TEXT)))])
def test_a_link_leads_to_a_file(words: list[str]):
    assert (ROOT / words[0]).exists()
