"""``mmexp review``: which labels to look at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmexp.run.folder import RunFolder

HELP = "List samples that are likely mislabelled, and those a run is least certain of."
USAGE = """
mmexp review RUN ... [--split test | val] [--top N] [--html] [key=value ...] [--json] [--outputs FOLDER]

  RUN ...           runs by path, id, the beginning of it, or 'last', of a task that scores classes; of several on the
                    same data, such as all folds, the scores of a sample are averaged
  --split SPLIT     whose labels are reviewed, test (default) or val: what was trained on says nothing of its labels
  --top N           how many are listed; default: 20
  --html            write study/review.html of the first run too, with the inputs of each sample; reads the data
  key=value         with --html: dataset.root, where the data has moved
  --json            what is written to study/review.json of the first run, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

Likely mislabelled are those of which confident learning (Northcutt et al. 2021) suggests another label. Look at them: a
model that is wrong flags labels that are right.
"""


def run(argv: list[str]) -> int:
    """Review and print; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study
    from mmexp.run.summary import row
    from mmexp.study.review import read_scores, review

    arguments = Arguments("review")
    arguments.add_argument("words", nargs="+", metavar="RUN")
    arguments.add_argument("--split", default="test")
    arguments.add_argument("--top", type=int, default=20)
    arguments.add_argument("--html", action="store_true")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    overrides = [word for word in given.words if "=" in word]
    folders = [RunFolder.find(word, given.outputs) for word in given.words if word not in overrides]
    scores = read_scores([row(folder) for folder in folders], given.split)
    found = write_study(folders[0], "review", {"split": given.split, **review(scores, given.top)}, ["review", *argv])
    if given.html:
        _write_page(folders, overrides, found)
    if given.json:
        print(dumps(found), end="")
    else:
        _show(found, given.top)
        print(folders[0].study / ("review.html" if given.html else "review.json"))
    return 0


def _write_page(folders: Sequence[RunFolder], overrides: Sequence[str], found: Mapping[str, Any]) -> None:
    from shlex import join

    from mmexp.inference.evaluate import split_samples
    from mmexp.inference.predictor import restore
    from mmexp.run.atomic import write_atomic
    from mmexp.study.review_page import review_page

    samples = {
        one.id: one for folder in folders for one in split_samples(restore(folder, overrides), found["split"]).samples
    }
    page = review_page(found, list(samples.values()), join(found["command"]), found["date"])
    write_atomic(folders[0].study / "review.html", page)


def _show(found: Mapping[str, Any], top: int) -> None:
    from mmexp.cli._table import print_table
    from mmexp.cli._text import console, number

    share = f"{found['estimated_share']:.1%} of {found['samples']} labels are estimated to be wrong"
    console().print(f"{share}; {found['flagged']} are flagged.", soft_wrap=True)
    flagged = [
        [one["id"], _label(one["target"]), one["suggested"], number(one["self_confidence"]), number(one["margin"])]
        for one in found["mislabelled"][:top]
    ]
    if flagged:
        print_table(["likely mislabelled", "label", "suggested", "score of the label>", "margin>"], flagged)
    unsure = [
        [one["id"], _label(one["target"]), _scores(one), number(one["uncertainty"])] for one in found["uncertain"]
    ]
    print_table(["least certain", "label", "scores", "uncertainty>"], unsure)
    for note in found["notes"]:
        console().print(note, soft_wrap=True)


def _scores(one: Mapping[str, Any]) -> str:
    from mmexp.cli._text import number

    return ", ".join(f"{name} {number(score)}" for name, score in one["scores"].items())


def _label(target: Any) -> str:
    return ", ".join(map(str, target)) if isinstance(target, list) else str(target)
