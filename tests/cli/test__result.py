from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from mmexp.cli._result import show_result
from mmexp.run import summary
from mmexp.run.folder import RunFolder


def shown(folder: RunFolder, width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    show_result(folder, console)
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
def test_predictions_are_shown_with_their_targets(make_run, row, words):
    text = shown(answer(make_run(), row))
    assert all(word in text for word in words)


def test_only_the_first_few_predictions_are_shown_and_control_characters_are_spelled_out(make_run):
    rows = [{"id": str(i), "label": f"kind{i}\x1b[31m", "target": "x"} for i in range(9)]
    text = shown(answer(make_run(), *rows))
    assert "kind3" in text and "kind4" not in text and "\x1b" not in text and "\\x1b" in text


def test_the_panel_shows_the_verdict_or_how_to_get_one(make_run):
    folder = make_run(0.9, inputs=["image", "text"])
    said = shown(folder, 80)
    assert "The fusion: not compared, because baselines are missing." in said
    assert f"\nRun: mmexp baselines {folder.id}\n" in said
    assert "The fusion" not in shown(make_run(0.5, inputs=["image"], fusion="none"))
    make_run(0.5, inputs=["text"], fusion="none")
    assert "The fusion: beats its best single modality (image) by 0.400" in shown(folder, 160)


def test_the_weights_of_a_fusion_are_shown_largest_first(make_run):
    folder = make_run()
    known = json.loads(folder.summary.read_text())
    folder.summary.write_text(json.dumps(known | {"shares": {"concat": 0.2, "attention": 0.7, "gated": 0.1}}))
    assert "fusion weights: attention 0.70, concat 0.20, gated 0.10" in shown(folder)


@pytest.mark.parametrize(
    ("epsilon", "words"),
    [
        (7.996, "private: epsilon 8 at delta 0.002, noise multiplier 0.9, 40 Poisson samples of rate 0.1, accountant "),
        (None, "not private: gradients of samples were clipped at 1, without noise"),
    ],
)
def test_what_the_samples_are_kept_private_to_is_shown(make_run, epsilon, words):
    folder = make_run(0.5)
    known = {"epsilon": epsilon, "delta": 0.002, "noise_multiplier": 0.9, "max_grad_norm": 1.0}
    rest = {"sample_rate": 0.1, "steps": 40, "accountant": "prv"}
    assert "private" not in shown(folder)
    summary.write(folder, {**summary.read(folder), "privacy": {**known, **rest}})
    assert words in shown(folder, width=200)


def test_what_permuted_weights_do_to_the_result_is_shown(make_run):
    folder = make_run(0.75)
    summary.write(folder, summary.read(folder) | {"permuted": {"test/accuracy": 0.5}})
    assert "Its weights permuted among samples, test/accuracy is 0.500 in place of 0.750" in shown(folder, width=200)
