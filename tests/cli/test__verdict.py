from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from mmexp.cli._verdict import show_verdict
from mmexp.run.folder import RunFolder


def shown(folder: RunFolder, width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    show_verdict(folder, console)
    return console.export_text()


def answer(folder: RunFolder, *rows: dict) -> RunFolder:
    folder.predictions("test").parent.mkdir()
    folder.predictions("test").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_it_shows_metrics_of_both_splits_cost_folder_and_what_to_type_next(make_run):
    text = shown(folder := make_run(0.75))
    (line,) = [line for line in text.splitlines() if "accuracy" in line and "val/" not in line]
    assert line.count("0.750") == 2 and "12.3k weights" in text
    assert folder.id in text and "mmexp compare" in text and "mmexp predict" in text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "a", "caption": "a dog", "references": ["a brown dog", "x"]}, ["a dog", "should be: a brown dog"]),
        ({"id": "a", "label": "cat", "score": 0.5, "target": "dog"}, ["cat", "should be: dog"]),
        ({"id": "a", "score": 0.5}, ["a: score 0.5"]),
    ],
)
def test_answers_stand_beside_what_they_should_be(make_run, row, words):
    text = shown(answer(make_run(), row))
    assert all(word in text for word in words)


def test_only_the_first_few_answers_are_shown_and_control_characters_are_spelled_out(make_run):
    rows = [{"id": str(i), "label": f"kind{i}\x1b[31m", "target": "x"} for i in range(9)]
    text = shown(answer(make_run(), *rows))
    assert "kind3" in text and "kind4" not in text and "\x1b" not in text and "\\x1b" in text


def test_a_fusion_is_told_what_it_is_worth_or_how_to_find_out(make_run):
    folder = make_run(0.9, inputs=["image", "text"])
    assert f"The fusion: not compared: type mmexp baselines {folder.id}." in shown(folder)
    assert "The fusion" not in shown(make_run(0.5, inputs=["image"], fusion="none"))
    make_run(0.5, inputs=["text"], fusion="none")
    assert "The fusion: beats its best single modality (image) by 0.400" in shown(folder, 160)


def test_what_a_fusion_trusts_is_told_the_most_trusted_first(make_run):
    folder = make_run()
    known = json.loads(folder.summary.read_text())
    folder.summary.write_text(json.dumps(known | {"weights": {"concat": 0.2, "attention": 0.7, "gated": 0.1}}))
    assert "the fusion trusts attention most: attention 0.70, concat 0.20, gated 0.10" in shown(folder)


def test_weights_that_an_earlier_version_wrote_under_another_name_are_read(make_run):
    folder = make_run()
    known = json.loads(folder.summary.read_text())
    folder.summary.write_text(json.dumps(known | {"shares": {"image": 0.4, "text": 0.6}}))
    assert "the fusion trusts text most: text 0.60, image 0.40" in shown(folder)
