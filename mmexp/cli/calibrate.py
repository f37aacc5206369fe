"""``mmexp calibrate``: what the probabilities of a trained run are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HELP = "Calibrate probabilities: temperature, selective prediction, conformal sets."
USAGE = """
mmexp calibrate RUN [key=value ...] [--coverage SHARE] [--seed N] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'; of a task that chooses one class
  key=value         hardware=cpu, training.batch_size
  --coverage SHARE  how often conformal sets must hold the right class; default: 0.9
  --seed N          of the halves of val; default: 0
  --json            what is written to study/calibration.json of the run folder, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

One half of val gives the temperature and the thresholds of selective prediction, the other the conformal sets; test
says what they are worth. Val has also chosen the checkpoint, so that its samples are not quite like those of test.
"""


def run(argv: list[str]) -> int:
    """Calibrate, print, and write ``study/calibration.json`` and ``.png``; see ``USAGE``."""
    from rich.console import Console

    from mmexp.cli._arguments import Arguments
    from mmexp.cli._study import is_setting, one_run, save_figure, show
    from mmexp.plot.degradation import degradation
    from mmexp.run.study import write_study
    from mmexp.study.calibrate import calibrate, read_scores
    from mmexp.study.studied_run import studied_run
    from mmexp.training.phase import phase

    arguments = Arguments("calibrate")
    arguments.add_argument("words", nargs="+")
    arguments.add_argument("--coverage", type=float, default=0.9)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = one_run(given)
    settings = [word for word in given.words if is_setting(word)]
    with phase(Console(stderr=True), f"evaluating {folder.id}"):
        studies = [studied_run(folder, settings, split) for split in ("val", "test")]
        val, test = map(read_scores, studies)
    found = {"run": folder.id, "samples": len(test.ids), **calibrate(val, test, given.coverage, given.seed)}
    written = write_study(folder, "calibration", found, ["calibrate", *argv])
    points = [
        (one["coverage"], one["accuracy"]) for one in written["selective"] if one["accuracy"]["value"] is not None
    ]
    curve = [(share, one["value"], one.get("low"), one.get("high")) for share, one in points]
    save_figure(
        degradation({"selective prediction": {folder.id: curve}}, "accuracy", "coverage"), [folder], "calibration"
    )
    notes = [*_misfits(written), *(note for one in studies for note in one.notes)]
    show(written, given, list(dict.fromkeys(notes)), _print)
    return 0


def _misfits(found: Mapping[str, Any]) -> list[str]:
    """Say what was fitted on val and does not hold on test."""
    likelihood, sets, notes = found["nll"], found["conformal"], []
    if likelihood and likelihood["after"]["value"] > likelihood["before"]["value"]:
        notes.append("the temperature that suits val makes nll worse on test.")
    high = sets["coverage"].get("high")
    if high is not None and high < sets["asked"]:
        rule = f"sets for {sets['asked']:.0%} hold the right class in fewer samples of test"
        notes.append(f"{rule}: what they promise is for samples like those of val.")
    return notes


def _print(found: Mapping[str, Any]) -> None:
    from mmexp.cli._study import estimate, unit
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number

    fitted, sets, error = found["fitted_on"], found["conformal"], found["ece"]
    print(f"temperature {number(found['temperature'])}, fitted on {fitted['samples']} samples of {fitted['split']}")
    print(
        f"ece on {found['samples']} samples of test: {number(error['before'])} before, {number(error['after'])} after"
    )
    if likelihood := found["nll"]:
        print(f"nll: {estimate(likelihood['before'])} before, {estimate(likelihood['after'])} after")
    rows = [
        [f"{one['coverage']:.0%}", number(one["threshold"]), f"{one['answered']:.0%}", estimate(one["accuracy"])]
        for one in found["selective"]
    ]
    print_table(["coverage on val>", "confidence from>", "answered on test>", "accuracy>"], rows)
    held = sets["calibrated_on"]
    print(f"conformal sets ({sets['method']}) for {sets['asked']:.0%}, from {held['samples']} other samples of val:")
    size, empty = estimate(sets["size"]), sets["empty"]
    print(
        f"  hold the right class of {estimate(sets['coverage'])} of test, {size} classes on average, {empty} are empty"
    )
    print(unit([sets["coverage"]]))
