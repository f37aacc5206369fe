"""README.md, CONTRIBUTING.md and docs/: commands and examples are read from their code blocks and run.

A command that trains is composed, and one on the built-in scenes takes an optimizer step; it is not trained to its end.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from mmexp.cli import main
from mmexp.cli._main import verbs
from mmexp.config.compose import compose, load_config, stored
from mmexp.config.config import Config
from mmexp.config.override import expand
from mmexp.run import provenance as manifest
from mmexp.run import summary
from mmexp.run.folder import RunFolder, runs
from mmexp.study.sweep import make_search, separate

if TYPE_CHECKING:
    from conftest import Lab

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
if not README.exists():
    pytest.skip("README.md is not there", allow_module_level=True)

PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
BLOCK = re.compile(r"^[ ]*```(console|bash|sh|shell)\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^```(?:python|yaml)\n# ((?:mmexp|conf)/\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `((?:task|experiment)=[^`]*)` ", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
STUDIES = ("missing", "contribution", "robustness", "fairness", "calibrate")
RUNS_HERE = ("check", "compare", "doctor", "list", "show")
STEP = ["training.epochs=1", "training.validate_every=1", "training.batch_size=8", "dim=16", "hardware=cpu"]
SCENES = ["dataset.sizes=[8,4,4]", "dataset.image_size=32", "dataset.cache=null"]


def commands(program: str) -> list[list[str]]:
    """Words of each command of a program; in a console block only what stands behind the prompt is typed."""
    found: list[list[str]] = []
    for kind, block in (found for text in TEXTS.values() for found in BLOCK.findall(text)):
        for line in block.replace("\\\n", " ").splitlines():
            typed = line.strip().removeprefix("$ ")
            if kind == "console" and "$ " in block and typed == line.strip():
                continue
            assert not taken_apart(typed), f"quotes must be around braces, got {taken_apart(typed)} in {typed}"
            for part in re.split(r"\s(?:&&|\|\||[;|])\s", typed):
                words = [re.sub(r"<(\w+)>", r"\1", word) for word in shlex.split(part, comments=True)]
                if words and words[0].rpartition("/")[2] == program and words not in found:
                    found.append(words)
    return found


def taken_apart(typed: str) -> str:
    """Return the braces of a line that a shell would expand; empty if there are none."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", typed)
    return "".join(re.findall(r"\{[^{}\s]*,[^{}\s]*\}", bare)[:1])


def spoken(verb: str) -> list[list[str]]:
    return [words[2:] for words in commands("mmexp") if words[1:2] == [verb]]


def examples() -> dict[str, str]:
    """Files that the pages show whole, by path."""
    found = [example for text in TEXTS.values() for example in EXAMPLE.findall(text)]
    assert len(dict(found)) == len(found), "Two pages show a file of the same name."
    return dict(found)


EXAMPLES = examples()


def options(words: list[str]) -> dict[str, set[str]]:
    """Values that are typed, by key without a place: ``pool@fusion.pool=max`` chooses an option of ``pool``."""
    pairs = (word.partition("=")[::2] for word in words if "=" in word)
    return {key.partition("@")[0]: set(value.strip("[]").split(",")) for key, value in pairs}


def is_own(words: list[str]) -> bool:
    """Whether a command uses a part that a page adds; of kinds of data none is chosen, so it is the data that does."""
    typed, added = options(words), [Path(path).relative_to("conf") for path in EXAMPLES if path.startswith("conf/")]
    line = " ".join(words)
    named = any(
        path.stem in typed.get(str(path.parent), ()) or f".{path.parent}.{path.stem}." in line for path in added
    )
    return named or "path/to/series" in line


def merged(all_words: list[list[str]]) -> list[list[str]]:
    """Commands on the same data that set nothing to different values, joined into one: fewer runs do the same."""
    joined: list[list[str]] = []
    for words in all_words:
        typed = {"dataset": {"scenes"}, "task": {"classification"}, "-m": {"-m" in words}, **options(words)}
        for other in joined:
            known = {"dataset": {"scenes"}, "task": {"classification"}, "-m": {"-m" in other}, **options(other)}
            if all(known.get(key, value) == value for key, value in typed.items()):
                other += [word for word in words if word not in other]
                break
        else:
            joined.append([*words])
    return joined


def each(argvalues: list[list[str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words) or "-") for words in argvalues])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unrendered: None) -> Path:
    """A current folder that is not the checkout's."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(words: list[str]) -> list[str]:
    """What is neither an option nor the value of one."""
    flags = {"-m", "--multirun", "--fail-fast", "--show", "--json", "--all", "--fast", "--html"}
    after = [None, *words]
    return [w for w, last in zip(words, after, strict=False) if w[0] != "-" and (not is_option(last) or last in flags)]


def is_option(word: str | None) -> bool:
    return bool(word) and word.startswith("-")


def written_out(word: str) -> list[str]:
    """What a word is short for: a search, or a run of each fold, of which one is taken."""
    short = {"tune": ["search=tune", f"search.trials={word[5:]}"], "folds": [word, "fold=0"]}
    return short.get(word.partition("=")[0], [word])


def composed(words: list[str], folder: Path) -> list[Config]:
    """The config of a run that a line of training asks for, of a sweep the first and last; a stored one is made up."""
    typed = [one for word in given(words) for one in written_out(word)]
    jobs = [typed]
    if "-m" in words or "fold=0" in typed:
        search = make_search(typed, separate(typed)[0])
        search.open(folder, 1)
        jobs = search.ask()
        jobs = jobs[:: max(1, len(jobs) - 1)]
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
        choices = {**chosen(task), "fusion": fusion, "seed": seed, "inputs": ["image"], "control": None}
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


@each([words for words in spoken("train") if "--help" not in words and not is_own(words)])
def test_a_training_composes_but_for_the_run_it_starts_from(words: list[str], elsewhere: Path):
    configs = composed([word for word in words if not word.startswith("pretrained=")], elsewhere)
    assert configs and all(config.plain()["name"] for config in configs)


@each([[verb, *words] for verb in RUNS_HERE for words in spoken(verb)])
def test_a_quick_verb_runs(words: list[str], made_up_runs: None, capsys: pytest.CaptureFixture[str]):
    assert main(words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


def learned(words: list[str]) -> bool:
    """Whether a command trains on the built-in scenes, alone and from nothing."""
    names = {word.partition("=")[0] for word in words}
    elsewhere = {"dataset", "experiment", "resume", "pretrained", "baselines", "hardware", "search", "tune", "folds"}
    return not names & elsewhere


@each(merged([given(words) for words in spoken("train") if learned(words) and not is_own(words)]))
def test_a_training_on_the_scenes_takes_a_step(words: list[str], make_lab: Callable[[Path], Lab], elsewhere: Path):
    words = [word for word in expand(words)[0] if not word.startswith("dataset.sizes=")]
    folder = replace(make_lab(elsewhere), overrides=[*STEP, *SCENES, f"outputs={elsewhere}"]).train(*words, *STEP)
    assert json.loads(folder.summary.read_text())["status"] == "done"


@each([[row] for row in sorted({row for text in TEXTS.values() for row in ROW.findall(text)})])
def test_a_command_of_a_table_composes(words: list[str]):
    assert compose(shlex.split(words[0])).plain()["name"]


@pytest.fixture
def trained(make_lab: Callable[[Path], Lab], tiny: Path, elsewhere: Path) -> None:
    """A run in ./outputs, other data of its form, and the files that the pages name."""
    make_lab(elsewhere / "outputs").train("training.epochs=1")
    shutil.copytree(tiny, elsewhere / "path/to/other")
    Image.open(tiny / "0.png").save(elsewhere / "photo.jpg")


USED = ("predict", "test", "audit", "review", "explain")


@each([[verb, *words] for verb in USED for words in spoken(verb)])
def test_a_trained_run_is_used(words: list[str], trained: None, capsys: pytest.CaptureFixture[str]):
    assert main([*words, "hardware=cpu"]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


@each([[verb, *words] for verb in STUDIES for words in spoken(verb) if not is_own(words)])
def test_a_trained_run_is_studied(
    words: list[str],
    studied: RunFolder,
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("mmexp.study.calibrate.FEWEST", 6)  # samples of val
    shutil.copytree(studied.path, elsewhere / "outputs/x" / studied.id)
    assert main([*words, "hardware=cpu"]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


@each(spoken("anonymize"))
def test_a_table_is_anonymized(words: list[str], tiny: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]):
    shutil.copytree(tiny, elsewhere / "path/to/other")
    assert main(["anonymize", *words]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


@each(commands("python"))
def test_a_script_takes_its_options(words: list[str]):
    script = ROOT / words[1]
    said = "".join(path.read_text() for path in script.parent.glob("*.py"))
    assert script.is_file() and [word for word in words[2:] if word[0] == "-" and f'"{word}"' not in said] == []


@pytest.fixture
def package(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The examples as a package of one's own, its YAMLs in the working folder."""
    code = elsewhere / "documented"
    code.mkdir()
    for path, text in EXAMPLES.items():
        if path.startswith("mmexp/"):
            (code / f"{module_of(path)}.py").write_text(text)
            continue
        yaml = elsewhere / path
        yaml.parent.mkdir(parents=True, exist_ok=True)
        yaml.write_text(re.sub(r"(?<=_target_: )(mmexp[\w.]+)(?=[.]\w+$)", moved, text, flags=re.MULTILINE))
    monkeypatch.syspath_prepend(elsewhere)
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    for name in [name for name in sys.modules if name.startswith("documented")]:
        monkeypatch.delitem(sys.modules, name)
    return code


def module_of(path: str) -> str:
    return "_".join(Path(path).with_suffix("").parts[1:])


def moved(module: re.Match[str]) -> str:
    """The module of a class in the package of one's own, if a page shows it; else where it is."""
    path = f"{module[1].replace('.', '/')}.py"
    return f"documented.{module_of(path)}" if path in EXAMPLES else module[1]


def series(folder: Path) -> None:
    """A table of the kind of data that a page adds."""
    folder.mkdir(parents=True)
    rows = []
    for number, split in enumerate(["train"] * 4 + ["val"] * 2 + ["test"] * 2):
        (folder / f"{number}.dat").write_text(f"{number} 1\n" * (2 + number % 2))
        rows.append({"id": f"s{number}", "series": f"{number}.dat", "label": "ab"[number % 2], "split": split})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@each(merged([words for words in spoken("train") if is_own(words)]))
def test_the_examples_train(words: list[str], package: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]):
    series(elsewhere / "path/to/series")
    (data,) = options(words).get("dataset", {"scenes"})
    small = {"scenes": ["inputs=[image,text]", *SCENES], "interactions": SCENES[:1], "manifest": []}[data]
    assert main(["train", "plugins=[documented]", *small, *STEP, *words]) == 0, capsys.readouterr().err
    assert runs("outputs") and all(summary.row(run).status == "done" for run in runs("outputs"))
    for path in (Path(path).relative_to("conf") for path in EXAMPLES if path.startswith("conf/")):
        if path.stem in options(words).get(str(path.parent), ()):
            target = re.search(r"_target_: (documented[.]\w+)", (elsewhere / "conf" / path).read_text())
            assert target and target[1] in sys.modules


@each([words for words in spoken("robustness") if is_own(words)])
def test_the_examples_attack_a_run(words: list[str], package: Path, studied: RunFolder, elsewhere: Path):
    shutil.copytree(studied.path, elsewhere / "outputs/x" / studied.id)
    assert main(["robustness", *words, "hardware=cpu", "plugins=[documented]"]) == 0
    found = json.loads((elsewhere / "outputs/x" / studied.id / "study/robustness.json").read_text())
    assert {one["corruption"] for one in found["corruptions"]} == {"momentum"}


def test_each_option_of_the_pages_is_used():
    typed = [options(words) for verb in ("train", "robustness") for words in spoken(verb)]
    added = [Path(path).relative_to("conf") for path in EXAMPLES if path.startswith("conf/")]
    chosen = [path for path in added if any(path.stem in one.get(str(path.parent), ()) for one in typed)]
    every = ["kind/series.yaml", "masking/symbols.yaml"]  # groups of which every option is taken
    assert [str(path) for path in added if path not in chosen] == every


def test_the_transform_of_the_pages_gives_ranks(package: Path):
    transform = import_module("documented.transform_rank").RankTransform()
    padded = transform.collate([transform.prepare([3.0, 1.0, 2.0]), None])
    assert padded.values.tolist() == [[1.0, 0.0, 0.5], [0.0, 0.0, 0.0]] and padded.mask.sum(1).tolist() == [3, 0]


def test_the_examples_are_formatted(package: Path):
    options = ["--config", ROOT / "pyproject.toml"]
    for command in (["check", "--ignore", "I001,RUF012"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, package], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_a_link_leads_to_a_heading_of_a_file():
    broken = [
        f"{page.name}: {path}#{heading}"
        for page, text in TEXTS.items()
        for path, heading in LINK.findall(text)
        if not (target := page.parent / path if path else page).exists()
        or (heading and heading not in headings(TEXTS.get(target.resolve(), "")))
    ]
    assert broken == []


def headings(text: str) -> list[str]:
    """Anchors of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles]


def test_the_readme_is_a_page_with_a_picture():
    assert len(TEXTS[README].splitlines()) <= 200
    (picture,) = re.findall(r"!\[.+\]\((.+\.png)\)", TEXTS[README])
    assert (ROOT / picture).stat().st_size < 200_000


def test_every_verb_and_every_floor_is_documented():
    text = "".join(TEXTS.values())
    assert [verb for verb in verbs() if f"mmexp {verb}" not in text] == []
    floors = re.search(r'^STOREYS = """\n(.*?)^"""', (ROOT / "tests/test_layout.py").read_text(), re.M | re.S)
    listed = "\n".join(line.strip() for line in reversed(floors[1].strip().splitlines()))
    assert f"```text\n{listed}\n```" in TEXTS[ROOT / "docs/design.md"]
