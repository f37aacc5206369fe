from __future__ import annotations

import json

import pytest

from mmexp.cli import main
from mmexp.run.folder import runs


def outputs(lab) -> list[str]:
    return ["--outputs", lab.overrides[-1].removeprefix("outputs=")]


def test_a_run_gets_its_baselines_and_its_verdict_and_nothing_is_trained_twice(lab, in_process, capsys):
    folder = lab.train("training.epochs=1", "fusion=gated")
    assert main(["baselines", folder.id, *outputs(lab)]) == 0
    out = capsys.readouterr().out
    assert in_process == [f"{w}, seed 0" for w in ("image alone", "text alone", "blank inputs", "shuffled inputs")]
    assert f"image+text by gated ({folder.id}): " in out and "not compared" not in out
    assert all(word in out for word in ("image alone", "text alone", "blank inputs", "shuffled inputs"))
    other = lab.train("training.epochs=1", "fusion=concat")
    assert main(["baselines", folder.id, other.id, "--json", *outputs(lab)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(in_process) == 4 and len(runs(outputs(lab)[1])) == 6
    assert {one["verdict"]["outcome"] for one in found} <= {"better", "no_better", "at_chance"}


def test_what_it_says_while_it_trains_does_not_mix_with_json(lab, in_process, capsys):
    folder = lab.train("training.epochs=1", "inputs=[image,text]")
    assert main(["baselines", folder.id, "--json", "--strict", *outputs(lab)]) in (0, 3)
    out, err = capsys.readouterr()
    (found,) = json.loads(out)
    assert found["runs"] == [folder.id] and "4 jobs" in err


@pytest.mark.parametrize("config", [{"inputs": ["image"]}, {"inputs": ["image", "text"], "control": "blank"}])
def test_what_fuses_nothing_is_refused(make_run, capsys, config):
    folder = make_run(**config)
    assert main(["baselines", folder.id]) == 2
    assert f"must be done, and fuse several inputs that are no control, got none in {folder.id}" in (
        capsys.readouterr().err
    )


def test_there_must_be_a_worker(make_run, capsys):
    assert main(["baselines", make_run().id, "--workers", "0"]) == 2
    assert "workers must be at least 1, got 0" in capsys.readouterr().err
