from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("predict") / "outputs").train("training.epochs=1")


@pytest.fixture(autouse=True)
def here(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outputs are where they are looked for."""
    monkeypatch.chdir(run.path.parents[2])


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["predict", "last", *words]) == 0
    return [json.loads(line, parse_constant=pytest.fail) for line in capsys.readouterr().out.splitlines()]


def test_a_table_is_answered_line_by_line(run: RunFolder, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = lines(capsys, "--json", str(tiny / "manifest.jsonl"))
    known = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"s{i}" for i in range(24)]
    assert [row["label"] for row in rows[18:]] == [row["label"] for row in known]
    assert sorted(rows[0]) == ["id", "label", "score", "scores"]


def test_files_and_values_are_answered(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(tiny / "0.png"), f"image={tiny / '0.png'}", "text=what is it", "training.batch_size=1", "hardware=cpu"]
    assert [row["id"] for row in lines(capsys, *words, "--json")] == [words[0], "typed"]


def test_without_json_it_is_a_table(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = lines(capsys, "--json", "text=a blue thing")
    assert main(["predict", "last", "text=a blue thing"]) == 0
    heading, _, cells = capsys.readouterr().out.strip().splitlines()
    assert heading.split() == ["id", "label", "score"]
    assert cells.split() == ["typed", row["label"], f"{row['score']:.3f}"]


def test_files_that_are_left_out_are_counted(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.png").write_bytes(b"bad")
    words = [str(tiny / "0.png"), str(tmp_path / "bad.png"), "--json"]
    assert main(["predict", "last", *words]) == 3
    assert "must be an image that decodes" in capsys.readouterr().err
    assert main(["predict", "last", *words, "dataset.on_error=skip"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert err == "1 samples could not be read and are left out.\n"


@pytest.mark.parametrize(
    ("words", "code", "rule"),
    [
        (["gone.png"], 3, "gone.png: file must be there, got none"),
        (["gone.jsonl"], 3, "gone.jsonl: file must be there, got none"),
        (["audio=x.wav"], 2, "'audio=x.wav' must be of a modality that the model encodes, got audio"),
        (["text=x", "fusion=gated"], 2, "as any other would make it another model, got 'fusion'"),
        ([], 2, "the following arguments are required: INPUT"),
        (["hardware=cpu"], 2, "INPUT must be given, got none"),
    ],
)
def test_a_wrong_word_is_refused(words: list[str], code: int, rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "last", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert rule in err
