"""Print finished runs as a Markdown table: a row per fusion, means over seeds and data, each with its verdict.

python scripts/tools/print_fusions.py outputs/av_digits [--metric test/accuracy]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmexp.analysis.statistics import deviation, mean
from mmexp.analysis.verdict import BaselineComparison
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics
from mmexp.run.summary import DONE, RunRow, row

HEAD = ("fusion", "inputs", "n", "{metric}", "over its best single input (95 %)", "weights", "ms/step")


def table(rows: Sequence[RunRow], metric: str) -> Iterator[str]:
    """Lines of the table, the best first."""
    comparison, groups = BaselineComparison(rows), {}
    for one in rows:
        what = (one.config["fusion"], "+".join(one.config["inputs"]), one.config.get("control") or "")
        groups.setdefault(what, []).append(one)
    yield f"| {' | '.join(HEAD).format(metric=metric.partition('/')[2])} |"
    yield f"|{'---|' * len(HEAD)}"
    for what, runs in sorted(groups.items(), key=lambda item: -mean(values(item[1], metric))):
        fusion, inputs, control = what
        found = comparison.verdict(runs, metric, runs[0].mode)
        verdict = "" if found is None or found.margin is None else f"{found.margin.mean:+.3f} {found.interval}"
        own = values(runs, metric)
        score = f"{mean(own):.3f} ± {deviation(own) or 0:.3f}"
        cost = (f"{mean([run.parameters or 0 for run in runs]) / 1000:.0f}k", f"{mean([*map(pace, runs)]):.1f}")
        cells = (fusion, inputs + (f", {control}" if control else ""), str(len(runs)), score, verdict, *cost)
        yield f"| {' | '.join(cells)} |"


def values(runs: Sequence[RunRow], metric: str) -> list[float]:
    """What the runs came to."""
    return [value for run in runs if (value := run.metrics[metric]) is not None]


def pace(run: RunRow) -> float:
    """Milliseconds per optimizer step, validation included."""
    last = max(line["step"] for line in read_metrics(run.folder.metrics))
    return 1000 * json.loads(run.folder.summary.read_text())["seconds"]["train"] / last


def main() -> None:
    """Print the table of a folder of runs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="outputs/<name>")
    parser.add_argument("--metric", default="test/accuracy")
    asked = parser.parse_args()
    runs = [row(RunFolder(path)) for path in sorted(asked.folder.iterdir()) if path.is_dir()]
    print("\n".join(table([run for run in runs if run.status == DONE], asked.metric)))


if __name__ == "__main__":
    main()
