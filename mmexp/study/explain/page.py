"""The page of explanations: each sample with its answer, by method and input, and how faithful the methods are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmexp import __version__
from mmexp.analysis.report.document import document
from mmexp.analysis.report.html import Html, command, scrolled, tag
from mmexp.analysis.text import number
from mmexp.study.explain.explain import MEASURES, Explanation
from mmexp.study.explain.kind.text import LEVELS
from mmexp.study.explain.method import is_signed

_LEVELS = range(LEVELS + 1)
RULES = "\n".join(
    [
        "img.wide { max-width: 32rem; max-height: 16rem; width: 100%; object-fit: contain; object-position: left; }",
        ".w { padding: .1em .2em; border-radius: 3px; } p.words { line-height: 1.9; }",
        "svg rect.for { fill: #d02020; } svg rect.against { fill: #2060d0; }",
        *(f".for{level} {{ background: rgb(220 30 30 / {level * 7}%); }}" for level in _LEVELS),
        *(f".against{level} {{ background: rgb(30 80 220 / {level * 7}%); }}" for level in _LEVELS),
    ]
)
WORDS = {
    "deletion_gain": "deletion: better than random by",
    "insertion_gain": "insertion: better than random by",
    "in_box": "share in the object's box",
    "box": "share of the image that the box is",
}


def explanation_page(explanations: Sequence[Explanation], found: Mapping[str, Any]) -> str:
    """Return the page as one text.

    Args:
        explanations: Of each sample.
        found: What is written of them: ``command``, ``date`` and ``methods``.
    """
    from shlex import join

    about = f"{len(explanations)} samples of run {found['run']}, made on {found['date']} by mmexp {__version__}"
    top = tag("header", tag("h1", "Explanations"), tag("p", about, class_="dim"), command(join(found["command"])))
    unsigned = [name for name in found["methods"] if not is_signed(name)]
    note = "Red speaks for the answer, blue against it, relative to the largest value of each input and method."
    note += f" Red of {' and '.join(unsigned)} says how much, and speaks neither for nor against." if unsigned else ""
    main = tag("main", tag("p", note), _faithfulness(found["methods"]), *map(_sample, explanations))
    return document("mmexp explain", top, main, rules=RULES)


def _faithfulness(methods: Mapping[str, Any]) -> Html:
    shown = [name for name in MEASURES if name in WORDS and any(name in own for own in methods.values())]
    rows = [
        tag("tr", tag("th", method, scope="row"), *(_cell(own.get(name)) for name in shown))
        for method, own in methods.items()
    ]
    note = (
        "Areas under the score while parts are taken away or put back, in the order of a method and in random orders."
    )
    heads = ("method", *(f"{WORDS[name]}>" for name in shown))
    return tag("section", tag("h2", "Faithfulness"), scrolled("Faithfulness", note, heads, [tag("tbody", *rows)]))


def _cell(known: Mapping[str, Any] | None) -> Html:
    if known is None:
        return tag("td", "-", class_="num")
    ends = f" ({number(known['low'])} to {number(known['high'])})" if "low" in known else ""
    return tag("td", f"{number(known['value'])}{ends}", class_="num")


def _sample(one: Explanation) -> Html:
    answer = one.question.answer
    said = tag("p", tag("b", answer.text), f", score {number(one.question.value)}")
    return tag("section", tag("h2", one.sample.id), said, *(_method(one, method) for method in one.values))


def _method(one: Explanation, method: str) -> Html:
    question, shown = one.question, []
    for name, values in question.split(one.values[method]).items():
        title = f"{method} of {name}, sample {one.sample.id}"
        array = values.numpy()
        if np.isnan(array).any():
            picture = tag("p", "left out: this method does not apply to it", class_="dim")
        else:
            raw = one.sample.inputs.get(name)
            picture = question.kinds[name].draw(question.parts[name], array, question.batch.inputs[name], raw, title)
        shown.append(tag("figure", picture, tag("figcaption", name)))
    return tag("div", tag("h3", method), *shown)
