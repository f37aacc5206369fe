"""Single samples: what they were, and what each way said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mmexp.analysis.answers import Answer, Asked, asked
from mmexp.analysis.comparison import Comparison
from mmexp.analysis.report.html import Html, join, scrolled, tag
from mmexp.analysis.report.media import Media

TITLE = "Samples"
POSITION = 70
_MOST = 24
_ANSWERS = 6  # of one sample, the most frequent ones
_NAMED = 4  # ways of one answer
_LETTERS = 160


def show(comparison: Comparison, media: Media) -> Html | None:
    """Return a table of samples, the kept ones first, then those on which the runs agree least."""
    found = asked(comparison, _MOST)
    if not found:
        return None
    body = tag("tbody", *(_row(one, media) for one in found))
    note = "Samples that runs keep, then those on which they agree least; which runs said what."
    return scrolled("Samples and predictions", note, ("sample", "target", "what the runs said"), [body])


def _row(one: Asked, media: Media) -> Html:
    number = sum((Counter(answer.votes) for answer in one.answers), Counter[str]())
    inputs = [_input(name, value, one.id, media) for name, value in one.inputs.items()]
    answers = [_answer(answer, one, number, media) for answer in one.answers[:_ANSWERS]]
    if left := len(one.answers) - _ANSWERS:
        answers += [tag("li", f"and {left} other answers", class_="dim")] if left > 0 else []
    sample = tag("th", tag("div", one.id, class_="id"), *inputs, scope="row")
    truth = tag("td", _short(one.target), data_label="target" if one.target else None)
    return tag("tr", sample, truth, tag("td", tag("ul", *answers, class_="answers")))


def _input(name: str, value: str | Path, sample: str, media: Media) -> Html | None:
    if isinstance(value, Path):
        return media.show(value, f"{name} of {sample}")
    return tag("p", _short(value))


def _answer(answer: Answer, one: Asked, number: Mapping[str, int], media: Media) -> Html:
    mark = None if answer.is_right is None else "right" if answer.is_right else "wrong"
    shown = media.show(answer.file, f"prediction for {one.id}") if answer.file else None
    text = shown or tag("b", _short(answer.text))
    votes = sum(answer.votes.values())
    names = [name if n == number[name] else f"{name} ({n} of {number[name]})" for name, n in answer.votes.items()]
    who = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    said = tag("span", {"right": "✓ ", "wrong": "✗ "}[mark], class_=mark, aria_label=mark) if mark else None
    return tag(
        "li",
        join(
            said,
            text,
            " ",
            tag("span", f"{votes} run{'s' if votes > 1 else ''}: {who}", class_="dim", title=", ".join(names)),
        ),
    )


def _short(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…"
