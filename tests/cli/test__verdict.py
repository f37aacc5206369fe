from __future__ import annotations

from pathlib import Path

from mmexp.analysis.compare import compare, group
from mmexp.analysis.verdict import BaselineComparison, Verdict
from mmexp.cli._verdict import exit_code, show_verdicts, verdict_of, what
from mmexp.run.folder import RunFolder
from mmexp.run.summary import neighbours, read, row, write

BOTH = ["image", "text"]


def test_a_run_is_compared_with_its_neighbours(make_run):
    folder = make_run(0.9, inputs=BOTH)
    assert verdict_of(folder).outcome == "unknown"
    for name in BOTH:
        make_run(0.5, inputs=[name], fusion="none")
    assert verdict_of(folder).text.startswith("beats its best single modality (image) by 0.400, but")


def test_what_fuses_nothing_is_not_compared(make_run):
    assert verdict_of(make_run(inputs=["image"])) is None


def test_each_way_gets_one_line_over_its_seeds(make_run, capsys):
    folders = [make_run(0.9 + seed / 100, seed=seed, inputs=BOTH) for seed in range(3)]
    for seed in range(3):
        for name in BOTH:
            make_run(0.5, seed=seed, inputs=[name], fusion="none")
    (verdict,) = show_verdicts(compare([row(one) for one in folders]), BaselineComparison(neighbours(folders)))
    ids = ", ".join(one.id for one in folders)
    assert capsys.readouterr().out == f"image+text by concat ({ids}): {verdict.text}\n"
    assert verdict.text == "beats its best single modality (image) by 0.410 [0.385, 0.435] (95 %)"


def test_a_way_that_weighs_gets_a_second_line_on_its_permuted_weights(make_run, capsys):
    folder = make_run(0.9, inputs=BOTH)
    write(folder, read(folder) | {"permuted": {"test/accuracy": 0.9}})
    show_verdicts(compare([row(folder)]), BaselineComparison([]))
    said = "weights decide nothing here: permuted among samples, test/accuracy is 0.900 in place of 0.900"
    assert capsys.readouterr().out.endswith(f"image+text by concat: its {said}\n")


def test_strict_asks_for_a_better_fusion_and_names_what_lacks_baselines(capsys):
    assert exit_code([None, Verdict("better", (RunFolder(Path("1")),))]) == 0
    assert exit_code([Verdict("better", (RunFolder(Path("1")),)), Verdict("no_better", (RunFolder(Path("2")),))]) == 3
    assert exit_code([Verdict("at_chance", (RunFolder(Path("2")),))]) == 3
    assert capsys.readouterr().err == ""
    assert exit_code([Verdict("unknown", (RunFolder(Path("outputs/x/1")), RunFolder(Path("outputs/x/2"))))]) == 3
    assert "Run: mmexp baselines 1 2" in capsys.readouterr().err


def test_a_group_is_named_by_its_inputs_and_its_fusion(make_run):
    configs = [
        {"inputs": BOTH},
        {"inputs": ["image"], "fusion": "none"},
        {"inputs": ["image"]},
        {"inputs": BOTH, "control": "blank"},
    ]
    named = [what(group([row(make_run(**config))])[0]) for config in configs]
    assert named == ["image+text by concat", "image alone", "image alone by concat", "blank inputs"]
