from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mmexp
from mmexp.cli import main
from mmexp.cli.compare import run
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.sweep import drafted

MakeRun = Callable[..., RunFolder]


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["compare", *argv]) == 0
    return capsys.readouterr().out


def test_groups_stand_best_first_with_mean_and_spread(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        make_run(0.5 + seed / 10, seed=seed)
        make_run(0.9, seed=seed, fusion="gated")
    out = printed(capsys)
    assert "vqa on world, data ab: best first by test/accuracy (more is better)" in out
    lines = [line.split() for line in out.splitlines() if "±" in line]
    assert [line[0] for line in lines] == ["gated", "concat"]
    assert lines[1][:8] == ["concat", "3", "0.600", "±", "0.100", "12.3k", "61", "s"]
    assert lines[1][8:] == ["0.300", "±", "0.050"]


def test_a_lead_within_seed_noise_is_called_so(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        make_run(0.5 + seed / 100, seed=seed)
        make_run(0.9, seed=seed, fusion="gated")
        make_run(0.9 + (seed - 1) / 100, seed=seed, fusion="film")
    out = printed(capsys)
    assert "are within seed noise: difference" in out
    assert "Not all rows" not in out


def test_too_few_or_other_seeds_are_reported(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(0.5)
    make_run(0.9, fusion="gated")
    make_run(0.9, fusion="gated", seed=1)
    out = printed(capsys)
    assert "'gated' is ahead of 'concat', but 3 shared seeds are needed to rule out chance variation." in out
    assert "Not all rows have the same seeds" in out


def test_a_clear_lead_is_given_with_its_interval(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        make_run(0.5 + seed / 100, seed=seed)
        make_run(0.9, seed=seed, fusion="gated")
    assert "'gated' is better than 'concat' by 0.390 [0.365, 0.415] (95 %, 3 seeds)." in printed(capsys)


def test_json_holds_the_same_groups(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [make_run(value, seed=seed).id for seed, value in enumerate([0.5, 0.7])]
    killed = make_run(seed=2, end="killed")
    done, open_end = json.loads(printed(capsys, "--json"), parse_constant=pytest.fail)
    assert done["config"] == {"task": "vqa", "dataset": "world", "fusion": "concat"}
    assert (done["n"], done["seeds"], done["status"], done["runs"]) == (2, [0, 1], "done", ids)
    assert done["metrics"]["test/accuracy"]["mean"] == pytest.approx(0.6)
    assert done["metrics"]["test/accuracy"]["values"] == [0.5, 0.7]
    assert (open_end["status"], open_end["runs"]) == ("killed", [killed.id])


def test_other_data_is_marked_as_not_comparable(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(data="ab")
    make_run(data="cd")
    make_run(task="captioning")
    out = printed(capsys)
    assert "Not comparable with the above: the data differs." in out
    assert "Not comparable with the above: the task differs." in out


def test_unfinished_runs_are_shown_and_killed_ones_offer_to_go_on(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(end="failed", reason="loss is nan\nmore")
    killed = make_run(end="killed")
    out = printed(capsys)
    assert "loss is nan" in out
    assert "more" not in out
    assert f"killed, to resume it: mmexp train resume={killed.id}" in out


def test_broken_runs_are_skipped_by_name(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run()
    broken = make_run(0.1, seed=1)
    broken.summary.write_text("{half")
    assert main(["compare", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [row["n"] for row in json.loads(out)] == [1]
    assert f"{broken.id}: summary.json: file must be JSON" in err


def test_runs_can_be_named(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = make_run(0.1), make_run(0.2, seed=1)
    make_run(0.3, seed=2)
    assert json.loads(printed(capsys, first.id, str(second.path), "--json"))[0]["seeds"] == [0, 1]


def test_repeated_runs_are_counted_once_and_reported(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(0.1)
    make_run(0.1)
    assert "1 older run(s) with the same config and seed as a newer one left out." in printed(capsys)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_keeps_to_the_width(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for seed in range(2):
        make_run(0.5, seed=seed, pool="attention")
        make_run(0.6 + seed / 10, seed=seed, fusion="transformer", **{"encoder/image": "cnn"})
    out = printed(capsys)
    table = [line for line in out.splitlines() if "transformer" in line]
    assert len(table) == 1
    assert len(table[0].rstrip()) <= width
    assert "0.650 ± 0.071" in table[0]


def test_a_name_cannot_steer_the_terminal(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(fusion="\x1b[31m[bold]<img src=x>")
    out = printed(capsys)
    assert "\x1b" not in out
    assert r"\x1b[31m[bold]<img src=x>" in out


def test_no_runs_say_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare"]) == 2
    assert "outputs must hold runs, got none in outputs.\nRun: mmexp train" in capsys.readouterr().err


def fusion_and_singles(make_run: MakeRun, value: float) -> None:
    for seed in range(3):
        make_run(value + seed / 100, seed=seed, inputs=["image", "text"])
        for name in ("image", "text"):
            make_run(0.5, seed=seed, inputs=[name], fusion="none")


def test_every_fusion_is_held_against_its_best_input(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    fusion_and_singles(make_run, 0.9)
    assert "+0.410 [0.385, 0.435] over image" in printed(capsys)
    (best, *others) = json.loads(printed(capsys, "--json"))
    assert (best["verdict"]["outcome"], best["verdict"]["baseline"]) == ("better", "image")
    assert [one["verdict"] for one in others] == [None, None]


def test_grouped_by_the_fusion_it_still_is(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    fusion_and_singles(make_run, 0.9)
    assert "+0.410 [0.385, 0.435] over image" in printed(capsys, "--by", "fusion")


def test_a_run_that_is_named_alone_is_held_against_its_neighbours(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    fused = make_run(0.9, inputs=["image", "text"])
    assert "no baselines" in printed(capsys, fused.id)
    for name in ("image", "text"):
        make_run(0.5, inputs=[name], fusion="none")
    assert "+0.400 [?] over image" in printed(capsys, fused.id)


@pytest.mark.parametrize(("value", "code"), [(0.9, 0), (0.5, 3), (0.1, 3)])
def test_strict_exits_with_three_if_a_fusion_is_no_better(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], value: float, code: int
) -> None:
    fusion_and_singles(make_run, value)
    assert main(["compare", "--strict"]) == code
    assert main(["compare"]) == 0


def test_strict_says_which_runs_lack_baselines(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run(inputs=["image", "text"])
    assert main(["compare", "--strict"]) == 3
    assert f"Run: mmexp baselines {folder.id}" in capsys.readouterr().err


def test_a_control_has_a_row_and_a_column_of_its_own(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(0.9, inputs=["image", "text"])
    make_run(0.9, inputs=["image", "text"], control="shuffled")
    out = printed(capsys)
    assert "control" in out and "= shuffled: " in out


def test_wide_shows_every_metric(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    make_run(0.5, fusion="transformer", pool="attention")
    make_run(0.6)
    assert "Left out: " in (narrow := printed(capsys)) and "0.300" not in narrow
    wide = printed(capsys, "--wide")
    assert "Left out: " not in wide and "0.300" in wide and "12.3k" in wide


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize(
    ("target", "code", "rule"),
    [
        ("> /dev/full", 5, "stdout must have room for the output, got"),
        (">&-", 1, "stdout must be open, got a closed one"),
    ],
)
def test_an_output_that_takes_nothing_ends_with_a_message(make_run: MakeRun, target: str, code: int, rule: str) -> None:
    make_run(0.5)
    command = f"{sys.executable} -m mmexp compare {target}"
    environment = {**os.environ, "PYTHONPATH": str(Path(mmexp.__file__).parents[1])}
    ended = subprocess.run(command, shell=True, env=environment, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == code
    assert rule in ended.stderr and "Traceback" not in ended.stderr and "Exception ignored" not in ended.stderr


def test_what_does_not_matter_is_no_negative_number(make_run: MakeRun) -> None:
    make_run()
    with pytest.raises(ConfigError, match=r"--rope must be 0 or more, got -0\.1"):
        run(["--rope", "-0.1"])


def test_further_evidence_follows_the_table(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        make_run(0.9 + seed / 100, seed=seed, fusion="gated", inputs=["image", "text"])
        make_run(0.5 + seed / 90, seed=seed, fusion="none", inputs=["image"])
        make_run(0.4, seed=seed, fusion="none", inputs=["text"])
        make_run(0.1, seed=seed, fusion="gated", inputs=["image", "text"], control="blank")
    out = printed(capsys, "--pairs", "--rope", "0.01", "--ranks")
    assert "all pairs by test/accuracy" in out and "P(better)" in out and "Ranks over data sets need" in out
    assert "Gated beats its best single input (image) by 0.399 [" in " ".join(out.split())
    assert "Verdicts: paired t test over seeds (Student 1908)." in out


def three_fusions(make_run: MakeRun) -> None:
    for seed in range(3):
        for fusion, value in (("gated", 0.9), ("film", 0.7), ("sum", 0.5)):
            make_run(value + seed / 100, seed=seed, fusion=fusion, inputs=["image", "text"])
        for name in ("image", "text"):
            make_run(0.4 + (seed * 2 % 3) / 100, seed=seed, fusion="none", inputs=[name])


def test_a_condition_chooses_rows_and_what_it_leaves_out_is_counted(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    three_fusions(make_run)
    out = printed(capsys, "--where", "fusion in [gated, film] and test/accuracy > .8")
    assert "gated" in out and "film" not in out
    assert "1 of 5 rows are shown (--where); p values count all on the same data." in out
    (row,) = json.loads(printed(capsys, "--where", "fusion == gated", "--json"))
    assert row["verdict"]["compared"] == 3  # by Holm, of all fusions that were looked at


def test_a_condition_reaches_runs_that_are_not_done(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run()
    make_run(end="failed", reason="loss is nan", fusion="film")
    out = printed(capsys, "--where", "status == failed")
    assert "loss is nan" in out and "best first" not in out
    assert main(["compare", "--where", "fusoin == film"]) == 2
    assert "--where must name a column, got fusoin and film" in capsys.readouterr().err


def test_columns_order_and_marks_can_be_chosen(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    three_fusions(make_run)
    make_run(0.1, fusion="film", inputs=["image"]).annotation.write_text('{"tags": ["paper"]}')
    out = printed(capsys, "--columns", "fusion,tags,seeds", "--sort", "-fusion")
    lines = [line.split() for line in out.splitlines()]
    assert ["fusion", "tags", "seeds"] in lines
    assert [line[0] for line in lines if line[-1:] == ["0+1+2"]] == ["sum", "none", "none", "gated", "film"]
    assert ["film", "paper", "0"] in lines
    assert main(["compare", "--sort", "never"]) == 2
    assert "compare: --sort must name a column, got 'never'." in capsys.readouterr().err


def test_a_pivot_is_a_cross_table(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    for task in ("vqa", "captioning"):
        make_run(0.5, task=task)
        make_run(0.7, task=task, fusion="gated")
    out = [line.split() for line in printed(capsys, "--pivot", "fusion", "task").splitlines()]
    assert ["fusion", "captioning", "vqa"] in out and ["gated", "0.700", "(1)", "0.700", "(1)"] in out


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--md", "--csv"], r"compare: format must be one, got md and csv"),
        (["--pivot", "fusion", "task", "--by", "fusion"], r"--pivot must stand without --by, --columns and --sort"),
    ],
)
def test_options_that_exclude_each_other_are_refused(make_run: MakeRun, words: list[str], rule: str) -> None:
    make_run()
    with pytest.raises(ConfigError, match=rule):
        run(words)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("md", ["| fusion |", "| **0.910 ± 0.010** |", "mmexp compare --md", "loss is nan"]),
        ("latex", [r"\toprule", r"\textbf{0.910 $\pm$ 0.010}", "% mmexp compare --latex", "loss is nan"]),
        ("csv", ["test/accuracy std", "0.91", "loss is nan"]),
        ("html", ["<strong>0.910 ± 0.010</strong>", "loss is nan"]),
    ],
)
def test_the_tables_can_be_written_in_each_format(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], name: str, parts: list[str]
) -> None:
    three_fusions(make_run)
    make_run(end="failed", reason="loss is nan")
    out = printed(capsys, f"--{name}")
    assert all(part in out for part in parts)


def test_of_a_tuned_sweep_only_fresh_seeds_count(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    with drafted("outputs") as draft:
        draft.set_request({"command": []})
        for words in (["seed=0", "lr=1"], ["seed=0", "lr=2"], ["seed=1", "lr=1", "tuned=2"]):
            keys: dict[str, Any] = {name: int(value) for name, value in (word.split("=") for word in words)}
            draft.add(words, {"label": "x"}, "").set_run(make_run(0.5 + keys["lr"] / 10, **keys))
        sweep = draft.publish().path.name
    out = printed(capsys, sweep)
    assert "0.600" in out and "0.700" not in out
    assert "2 trial(s), which chose the settings of the rows, are left out: --where 'tuned == null'." in out
    assert "0.700" in printed(capsys, sweep, "--where", "tuned == null")
    assert [one["config"].get("tuned") for one in mmexp.compare(sweep)] == [2]
    assert main(["report", sweep]) == main(["plot", sweep]) == 0
    out = capsys.readouterr().out
    assert out.count("2 trial(s)") == 2 and "report.html: 1 runs" in out
    assert "2 trial(s), which chose" in Path("report.html").read_text(encoding="utf-8")
