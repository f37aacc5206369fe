from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder
from mmexp.run.study import read_study


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("review") / "outputs").train("training.epochs=1")


def test_labels_are_listed_and_kept_with_the_run_and_a_page_shows_the_inputs(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
):
    assert main(["review", str(run.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == read_study(run, "review") and found["samples"] == 6 and found["split"] == "test"
    assert not (run.study / "review.html").exists()
    assert main(["review", str(run.path), "--split", "val", "--top", "3", "--html", "hardware=cpu"]) == 0
    shown = capsys.readouterr().out
    assert "of 6 labels are estimated to be wrong" in shown and "least certain" in shown
    assert shown.strip().endswith("review.html")
    page = (run.study / "review.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 3
    assert all(one["id"] in page for one in read_study(run, "review")["uncertain"])


def test_a_split_that_was_trained_on_is_refused(run: RunFolder, capsys: pytest.CaptureFixture[str]):
    assert main(["review", str(run.path), "--split", "train"]) == 2
    assert "must be val or test" in capsys.readouterr().err
