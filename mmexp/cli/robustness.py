"""``mmexp robustness``: how a trained run degrades where its inputs are corrupted or attacked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmexp.cli._study import WORDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HELP = "Find out how a trained run degrades where its inputs are corrupted or attacked."
USAGE = f"""
mmexp robustness RUN [attack=NAME] [key=value ...] [--only NAME,...] [--reference RUN] [--seed N] [--split SPLIT]
                     [--metric METRIC] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  attack=NAME       fgsm, pgd or attack=[fgsm,pgd], with attack.pgd.steps=20: change images, audio, vectors and
                    numbers of tables along the gradient of the loss; default: none
  --only NAME,...   corruptions, such as blur, attacks, or modalities; default: all of each modality
  --reference RUN   a run on the same data, such as fusion=late, that effective robustness is relative to
  --seed N          of the corruptions, and of random starts of attacks; default: 0
{WORDS.strip(chr(10))}

Relative robustness is the mean of the metric over severities 0 to 5; effective robustness is by how much that is above
the reference, where each is taken relative to its own metric on clean data. Without a reference it is the mean fall.
"""


def run(argv: list[str]) -> int:
    """Evaluate, print, and write ``study/robustness.json`` and ``.png``; see ``USAGE``."""
    from rich.console import Console

    from mmexp.cli._study import one_run, open_run, save_figure, show, study_arguments
    from mmexp.config.schema import STUDY
    from mmexp.run.folder import RunFolder
    from mmexp.run.study import write_study
    from mmexp.study.adversarial import make_attacks
    from mmexp.study.robustness import Robustness, corrupt, refuse_other
    from mmexp.study.sweep import separate
    from mmexp.training.phase import phase

    arguments = study_arguments("robustness")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--reference", default="")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.read(argv)
    given.words, chosen = separate(given.words, STUDY)
    attacks = make_attacks([*chosen, *(word for word in given.words if word.startswith("plugins="))])
    folder = one_run(given)
    other = RunFolder.find(given.reference, given.outputs) if given.reference else None

    def robustness(folder: RunFolder) -> Robustness:
        study = open_run(folder, given)
        with phase(Console(stderr=True), f"evaluating {folder.id}") as progress:
            return corrupt(study, tuple(filter(None, given.only.split(","))), given.seed, progress, attacks)

    found, reference = robustness(folder), robustness(other) if other else None
    if reference:
        refuse_other(found, reference)
    written = write_study(folder, "robustness", found.plain(reference), ["robustness", *argv])
    save_figure(_figure(written), [folder], "robustness")
    show(written, given, found.study.notes, _print)
    return 0


def _print(found: Mapping[str, Any]) -> None:
    from mmexp.cli._study import estimate, unit
    from mmexp.cli._table import print_table

    clean = found["clean"]
    every = [clean, *(one["relative"] for one in found["corruptions"])]
    print(f"{found['metric']} of {found['samples']} samples: {estimate(clean)} clean; {unit(every)}")
    rows = []
    for one in found["corruptions"]:
        values = [estimate(value, interval=False) for value in one["severities"]]
        areas = [estimate(one["relative"]), estimate(one["effective"])]
        rows.append([f"{one['modality']}/{one['corruption']}", *values, *areas])
    for name, one in {**found["modalities"], "all": found["all"]}.items():
        rows.append([f"{name}, mean", *[""] * 5, estimate(one["relative"]), estimate(one["effective"])])
    numbers = [f"{severity}>" for severity in range(1, 6)]
    print_table(["corruption!", *numbers, "relative>", "effective>"], rows, optional=["2", "4"])
    print(f"relative: {found['definition']['relative']}")
    _print_attacks(found)
    said = found["definition"]["effective"] if found["reference"] else "the same area less the metric at severity 0"
    print(f"effective: {said}")
    if found["shift"]:
        _print_shift(found["shift"])


def _print_attacks(found: Mapping[str, Any]) -> None:
    attacks = [one for one in found["corruptions"] if "epsilon" in one]
    for one in attacks:
        levels = ", ".join(f"{level:g}" for level in one["levels"])
        print(f"{one['modality']}/{one['corruption']}: epsilon {levels} {one['epsilon']}")
    for name, why in found["not_attacked"].items():
        print(f"{name} is not attacked: {why}")
    if attacks and len(attacks) < len(found["corruptions"]):
        print("means are over corruptions; attacks are left out of them")


def _print_shift(found: Mapping[str, Any]) -> None:
    from mmexp.cli._study import estimate, unit

    seen, unseen = (
        f"{estimate(one)} on {one['samples']} samples of {one['groups']}" for one in (found["seen"], found["unseen"])
    )
    print(f"{found['column']}, of training or not: {seen} that it was trained on, {unseen} that it was not")
    print(f"loss on new groups: {estimate(found['loss'])}, {unit([found['loss']])}; mmexp fairness has each group")


def _figure(found: Mapping[str, Any]) -> Figure:
    from mmexp.plot.degradation import Point, degradation

    def point(severity: int, one: Mapping[str, Any]) -> Point:
        return severity, one["value"], one.get("low"), one.get("high")

    panels: dict[str, dict[str, list[Point]]] = {}
    for one in found["corruptions"]:
        points = [point(i, value) for i, value in enumerate([found["clean"], *one["severities"]])]
        panels.setdefault(one["modality"], {})[one["corruption"]] = points
    return degradation(panels, found["metric"], "severity")
