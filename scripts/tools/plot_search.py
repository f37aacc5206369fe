"""Plot the best value on val that sweeps have found against the training steps spent.

python scripts/tools/plot_search.py plot.png [LABEL=]outputs/sweep-A [LABEL=]outputs/sweep-B ... [--goal SWEEP]

Sweeps with one label, such as repeats of a search, have one colour.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import matplotlib as mpl

from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics
from mmexp.run.sweep import find_sweep

mpl.use("Agg")


@dataclass(frozen=True)
class Trial:
    """One job.

    Args:
        steps: Training steps, also of a run that was given up.
        value: Best value of its validations; None if it was given up before the first.
    """

    steps: int
    value: float | None


def read_trial(run: RunFolder, metric: str) -> Trial:
    """Read what a run has cost and found; lines of a run that was resumed count once."""
    rows = read_metrics(run.metrics)
    found = [row[metric] for row in rows if row.get(metric) is not None]
    return Trial(max((int(row["step"]) for row in rows), default=0), max(found, default=None))


def curve(trials: Sequence[Trial]) -> tuple[list[int], list[float]]:
    """Return steps spent and best value after each trial, of those that have one so far."""
    spent = list(accumulate(trial.steps for trial in trials))
    best = list(accumulate((trial.value if trial.value is not None else float("-inf") for trial in trials), max))
    return spent, best


def labelled(word: str) -> tuple[str, str]:
    """Return the folder of a sweep and its label, which is its name if none is given."""
    label, sign, folder = word.rpartition("=")
    return folder, label if sign else Path(folder).name


def main() -> None:
    """Write the plot, and a line for each sweep."""
    from matplotlib import pyplot as plt

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", type=Path, help="a PNG file")
    parser.add_argument("sweeps", nargs="+")
    parser.add_argument("--goal", help="a sweep whose best value the others are to reach; default: none")
    parser.add_argument("--metric", default="val/accuracy", help="more is better")
    asked = parser.parse_args()
    labels = dict(map(labelled, asked.sweeps))
    if asked.goal:
        labels.setdefault(asked.goal, Path(asked.goal).name)
    trials = {name: [read_trial(job.run, asked.metric) for job in find_sweep(name).jobs if job.run] for name in labels}
    colours = {label: f"C{i}" for i, label in enumerate(dict.fromkeys(labels.values()))}
    goal = curve(trials[asked.goal])[1][-1] if asked.goal else None
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, own in trials.items():
        spent, best = curve(own)
        label = labels[name] if labels[name] not in axes.get_legend_handles_labels()[1] else None
        axes.step(spent, best, where="post", label=label, color=colours[labels[name]])
        reached = next(
            (steps for steps, value in zip(spent, best, strict=True) if goal is not None and value >= goal), None
        )
        of_goal = "" if goal is None else f", {goal:.4f} reached after {'no' if reached is None else reached} steps"
        print(f"{name}: {len(own)} trials, {spent[-1]} steps, best {best[-1]:.4f}{of_goal}")
    axes.set_xlabel("training steps of all trials")
    axes.set_ylabel(f"best {asked.metric}")
    axes.legend(fontsize=8)
    figure.savefig(asked.target, dpi=130)


if __name__ == "__main__":
    main()
