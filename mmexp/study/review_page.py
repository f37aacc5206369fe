"""A page of labels to look at again, with the inputs of each sample."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmexp import __version__
from mmexp.analysis.report.document import document
from mmexp.analysis.report.html import Html, command, join, scrolled, tag
from mmexp.analysis.report.media import Media
from mmexp.analysis.text import number, printable
from mmexp.contract import Sample
from mmexp.training.kept_samples import write_inputs

MOST = 200
"""Samples of each table."""


def review_page(found: Mapping[str, Any], samples: Sequence[Sample], made_by: str, date: str) -> str:
    """Return the page as one text.

    Args:
        found: From ``review``.
        samples: Those that it names, as far as they are there.
        made_by: What was typed.
        date: When.
    """
    media = Media()
    wanted = {one["id"] for key in ("mislabelled", "uncertain") for one in found[key][:MOST]}
    with tempfile.TemporaryDirectory() as folder:
        rows = write_inputs([one for one in samples if one.id in wanted], Path(folder))
        inputs = {row["id"]: row["inputs"] for row in rows}
        tables = _tables(
            found,
            lambda name: [_input(key, own, name, Path(folder), media) for key, own in inputs.get(name, {}).items()],
        )
    about = f"{found['samples']} samples of {found['split']}, made on {date} by mmexp {__version__}"
    top = tag("header", tag("h1", "Labels to look at again"), tag("p", about, class_="dim"), command(made_by))
    share = f"About {found['estimated_share']:.1%} of the labels are estimated to be wrong"
    left = f"{media.left_out} images and recordings were left out to keep the page small."
    main = tag(
        "main",
        tag("p", f"{share}; {found['flagged']} are flagged.", class_="claim"),
        *(tag("p", note, class_="dim") for note in found["notes"]),
        *tables,
        tag("p", left) if media.left_out else None,
    )
    return document("mmexp review", top, main)


def _tables(found: Mapping[str, Any], inputs: Callable[[str], Sequence[Html | None]]) -> list[Html]:
    """Return the two tables, with what ``inputs`` returns of each sample that is there."""

    def body(key: str, cells: Callable[[Mapping[str, Any]], list[Html]]) -> list[Html]:
        rows = [
            tag("tr", tag("th", tag("div", row["id"], class_="id"), *inputs(row["id"]), scope="row"), *cells(row))
            for row in found[key][:MOST]
        ]
        return [tag("tbody", *rows)]

    wrong = "The likeliest first: margin is the score of the label less the best other one. A flag is a reason to look."
    flagged = ("sample", "label", "suggested", "score of the label>", "margin>")
    first = scrolled("Likely mislabelled", wrong, flagged, body("mislabelled", _flagged))
    unsure = "By how near the two best scores are."
    uncertain = ("sample", "label", "scores", "uncertainty>")
    second = scrolled("Least certain", unsure, uncertain, body("uncertain", _unsure))
    return [_section("Likely mislabelled", first), _section("Least certain", second)]


def _section(title: str, content: Html) -> Html:
    return tag("section", tag("h2", title), content, class_="samples")


def _input(name: str, own: Mapping[str, str], sample: str, folder: Path, media: Media) -> Html | None:
    if "file" in own:
        return media.show(folder / own["file"], f"{name} of {sample}")
    return tag("p", own["text"])


def _flagged(row: Mapping[str, Any]) -> list[Html]:
    return [
        tag("td", _label(row["target"]), data_label="label"),
        tag("td", tag("b", row["suggested"]), data_label="suggested"),
        _number(row["self_confidence"], "score of the label"),
        _number(row["margin"], "margin"),
    ]


def _unsure(row: Mapping[str, Any]) -> list[Html]:
    scores = [join(tag("b", name), f" {number(score)} ") for name, score in row["scores"].items()]
    label = tag("td", _label(row["target"]), data_label="label")
    return [label, tag("td", *scores, data_label="scores"), _number(row["uncertainty"], "uncertainty")]


def _number(value: float, name: str) -> Html:
    return tag("td", number(value), class_="num", data_label=name)


def _label(target: Any) -> str:
    return printable(", ".join(map(str, target)) if isinstance(target, list) else target)
