from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder
from mmexp.run.study import read_study

WRITES = ["task=captioning", "dataset.targets.captions=text", "inputs=[image]", "task.decoder.max_length=8"]


@pytest.fixture(scope="module")
def runs(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)
        lab = make_lab(tmp_path_factory.mktemp("clipscore") / "outputs")
        return {
            "captions": lab.train(*WRITES, "training.epochs=1"),
            "pairs": lab.train("task=retrieval", "training.epochs=1"),
        }


def test_scores_are_printed_and_written(runs, capsys):
    captions, pairs = runs["captions"], runs["pairs"]
    words = ["clipscore", str(captions.path), "--with", str(pairs.path)]
    assert main([*words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_study(captions, "clipscore") and printed["with"] == pairs.id
    assert {*printed["texts"]} == {"written", "references", "of another sample"} and printed["samples"] == 6
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert f"{captions.id} on test, by the encoders of {pairs.id}: 6 samples" in shown
    assert "RefCLIPScore" in shown and "compare only values by the same retrieval run" in shown


def test_a_run_that_is_absent_or_of_another_kind_is_refused(runs, capsys):
    captions, pairs = (str(one.path) for one in runs.values())
    assert main(["clipscore", captions, "--with", "nosuch"]) == 2
    assert "id must name a run" in capsys.readouterr().err
    assert main(["clipscore", captions, "--with", captions]) == 2
    assert "--with must be a run of task=retrieval, got Captioning" in capsys.readouterr().err
    assert main(["clipscore", pairs, "--with", pairs]) == 2
    assert "RUN must be of a task that writes texts, got Retrieval" in capsys.readouterr().err
    assert main(["clipscore", captions]) == 2
    assert "the following arguments are required: --with" in capsys.readouterr().err
