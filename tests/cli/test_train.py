from __future__ import annotations

import subprocess
import sys

import pytest

from mmexp.cli import main
from mmexp.cli.train import run
from mmexp.error import ConfigError
from mmexp.run.folder import runs


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["fusion=atention"], "fusion must be one of its options, got 'atention'. Did you mean 'attention'"),
        (["task=captoning"], "task must be one of its options, got 'captoning'. Did you mean 'captioning'"),
        (["fusion.dmi=3"], "fusion.dmi must be an argument of ConcatFusion, got 'dmi'. Did you mean 'dim'"),
        (["-m", "fusion=concat,gatd"], "fusion must be one of its options, got 'gatd'. Did you mean 'gated'"),
        (["fusion=concat,gated"], "Use -m to sweep"),
        (["--workers", "2"], "without -m"),
        (["-m", "seed=0,1", "--workers", "0"], "launcher.workers=0: LocalLauncher: workers must be at least 1, got 0"),
        (["-m", "seed=0,1", "--time-limit", "0"], "LocalLauncher: time_limit must be above 0 s, got 0"),
        (["fair=params"], "fair must be typed with -m, whose jobs it makes cost the same, got params"),
        (["launcher=local"], "need -m or baselines=true, got launcher=local. Run: mmexp train -m"),
        (["-m", "launcher=locl", "seed=0,1"], "launcher must be one of its options, got 'locl'. Did you mean 'local'"),
        (["-m", "launcher.wrkers=2"], "launcher.wrkers must be an argument of LocalLauncher"),
        (["resume=nowhere"], "nowhere"),
    ],
)
def test_a_typo_is_refused_with_the_nearest_name_and_leaves_nothing(tmp_path, monkeypatch, words, fault):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as refused:
        run(words)
    assert fault in f"{refused.value} {refused.value.hint}" and refused.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_the_exit_code_of_a_typo_is_two(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "fusion=atention"]) == 2 and "attention" in capsys.readouterr().err


def test_strict_exits_with_three_if_the_fusion_shows_nothing_and_the_run_is_kept(lab, capsys):
    assert main(["train", "--strict", *lab.overrides, "training.epochs=1"]) == 3
    assert "The fusion: " in capsys.readouterr().out and lab.only_run().summary.exists()


def test_one_input_alone_is_strict_enough(lab):
    assert main(["train", "--strict", *lab.overrides, "training.epochs=1", "inputs=[image]", "fusion=none"]) == 0


@pytest.mark.slow
def test_baselines_are_trained_behind_a_run_and_once_behind_a_sweep(lab, capsys):
    words = [*lab.overrides, "training.epochs=1", "baselines=true"]
    assert main(["train", *words]) == 0
    assert "not compared" not in capsys.readouterr().out
    outputs = lab.overrides[-1].removeprefix("outputs=")
    assert len(runs(outputs)) == 5
    assert main(["train", "-m", "fusion=gated,attention", *words]) == 0
    assert len(runs(outputs)) == 7
    assert capsys.readouterr().out.count("image+text by ") == 2


FIRST = """
import builtins, sys
original = builtins.__import__

def refuse(name, *arguments, **named):
    if name.partition(".")[0] in ("rich", "hydra", "omegaconf", "torch"):
        raise SystemExit(f"imported {name}")
    return original(name, *arguments, **named)

builtins.__import__ = refuse
from mmexp.cli import main
main(["train"])
"""


def test_the_first_line_is_on_the_screen_before_anything_slow_is_imported():
    shown = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True)
    assert shown.stdout == "loading libraries\n" and shown.stderr == "imported rich.console\n"
