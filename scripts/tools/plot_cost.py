"""Plot finished runs: quality of each fusion against its cost, the best single input as a line.

python scripts/tools/plot_cost.py outputs/mvsa plot.png [--metric test/accuracy]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from print_fusions import pace, values

from mmexp.analysis.statistics import deviation, mean
from mmexp.run.folder import RunFolder
from mmexp.run.summary import DONE, RunRow, row

mpl.use("Agg")


def draw(rows: Sequence[RunRow], metric: str, target: Path) -> None:
    """Draw a point with its standard deviation over seeds for each fusion."""
    from matplotlib import pyplot as plt

    fusions: dict[str, list[RunRow]] = {}
    alone: dict[str, list[RunRow]] = {}
    for one in rows:
        if one.is_fusion:
            fusions.setdefault(one.config["fusion"], []).append(one)
        elif len(one.inputs) == 1 and not one.control:
            alone.setdefault(one.inputs[0], []).append(one)
    figure, axes = plt.subplots(figsize=(9, 5.5), layout="constrained")
    for name, runs in sorted(fusions.items()):
        cost, own = mean([*map(pace, runs)]), values(runs, metric)
        axes.errorbar(cost, mean(own), deviation(own) or 0, fmt="o", capsize=2, color="tab:blue", alpha=0.7)
        axes.annotate(name, (cost, mean(own)), xytext=(4, 3), textcoords="offset points", fontsize=7)
    levels = {name: mean(values(runs, metric)) for name, runs in alone.items()}
    sign = 1 if rows[0].mode == "max" else -1
    for name in sorted(levels, key=lambda one: sign * levels[one])[-1:]:
        axes.axhline(levels[name], linestyle="--", color="tab:gray")
        place = (0.01, levels[name])
        axes.annotate(f"{name} alone", place, xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("ms per training step")
    axes.set_ylabel(f"{metric}, mean and standard deviation over seeds")
    figure.savefig(target, dpi=130)


def main() -> None:
    """Write the plot of a folder of runs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="outputs/<name>")
    parser.add_argument("target", type=Path, help="a PNG file")
    parser.add_argument("--metric", default="test/accuracy")
    asked = parser.parse_args()
    runs = [row(RunFolder(path)) for path in sorted(asked.folder.iterdir()) if path.is_dir()]
    draw([run for run in runs if run.status == DONE], asked.metric, asked.target)


if __name__ == "__main__":
    main()
