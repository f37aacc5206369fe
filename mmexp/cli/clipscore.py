"""``mmexp clipscore``: how well the texts of a trained run fit their images, by the encoders of a retrieval run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmexp.inference.predictor import EvaluatedSplit
    from mmexp.run.folder import RunFolder

HELP = "Score how well texts that a run writes fit their images, without references (CLIPScore)."
USAGE = """
mmexp clipscore RUN --with RUN [key=value ...] [--split SPLIT] [--json] [--outputs FOLDER]

  RUN               a run that writes texts: its path, its id, the beginning of it, or 'last'
  --with RUN        a run of task=retrieval that pairs a text with an input of the other run, such as image
  key=value         dataset.root=FOLDER or dataset.manifest=FILE for other data of the same form; hardware=cpu,
                    training.batch_size
  --split SPLIT     val or test; default: test
  --json            what is written to study/clipscore.json of the run folder, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

Values depend on the retrieval run: compare only those that are of the same one.
"""


def run(argv: list[str]) -> int:
    """Score, print, and write ``study/clipscore.json``; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.cli._study import is_setting, one_run, show
    from mmexp.run.folder import RunFolder
    from mmexp.run.study import write_study

    arguments = Arguments("clipscore")
    arguments.add_argument("words", nargs="+")
    arguments.add_argument("--with", required=True, dest="pairs")
    arguments.add_argument("--split", default="test", choices=["val", "test"])
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder, pairs = one_run(given), RunFolder.find(given.pairs, given.outputs)
    found, notes = _score(folder, pairs, [word for word in given.words if is_setting(word)], given.split)
    written = write_study(folder, "clipscore", found, ["clipscore", *argv])
    show(written, given, notes, _print)
    return 0


def _score(
    folder: RunFolder, pairs: RunFolder, settings: Sequence[str], split: EvaluatedSplit
) -> tuple[dict[str, Any], Sequence[str]]:
    """What was found, and what a user should know of the data."""
    from rich.console import Console

    from mmexp.study.clipscore import clipscore, other_table, pair_embedder
    from mmexp.study.studied_run import studied_run
    from mmexp.training.phase import phase

    with phase(Console(stderr=True), f"evaluating {folder.id}"):
        by = pair_embedder(pairs, [word for word in settings if word.startswith("hardware")])
        study = studied_run(folder, settings, split)
        return clipscore(study, by), [*study.notes, *other_table(study, by)]


def _print(found: Mapping[str, Any]) -> None:
    from mmexp.cli._study import estimate, unit
    from mmexp.cli._table import print_table

    texts = found["texts"]
    numbers = [one for own in texts.values() for one in own.values()]
    print(f"{found['run']} on {found['split']}, by the encoders of {found['with']}: {found['samples']} samples")
    if found["left_out"]:
        print(f"{found['left_out']} samples lack what a text is paired with, and are left out")
    rows = [[text, *(estimate(own[name]) if name in own else "-" for name in _COLUMNS)] for text, own in texts.items()]
    print_table(["texts!", *(f"{shown}>" for shown in _COLUMNS.values())], rows)
    print(f"{unit(numbers)}; compare only values by the same retrieval run")


_COLUMNS = {"clipscore": "CLIPScore", "ref_clipscore": "RefCLIPScore"}
