"""Markup whose every text is escaped: only what ``tag`` returns is markup."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mmexp.analysis.text import printable

_VOID = ("meta", "link", "img", "input", "br")


class Html(str):
    """Text that is markup already; any other text is escaped where it is put into a tag."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """Make an element.

    Args:
        name: Of the element.
        children: Elements, and anything else as text; None is left out.
        attributes: By name, ``class_`` for class and ``data_way`` for data-way; None and False are left out.
    """
    given = "".join(map(_attribute, attributes.items()))
    return Html(f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: object) -> Html:
    """Put elements and text next to one another."""
    return Html("".join(_child(one) for one in children if one is not None))


def scrolled(title: str, note: str, heads: Sequence[object], bodies: Sequence[Html], class_: str | None = None) -> Html:
    """Show a table that scrolls by itself where it is too wide.

    Args:
        title: Its name for those who do not see it.
        note: A line above it.
        heads: Headings; what is no element becomes one, above numbers if it ends with ``>``.
        bodies: Its rows, or groups of rows.
        class_: Of the table.
    """
    cells = [one if isinstance(one, Html) else _heading(str(one)) for one in heads]
    table = tag(
        "table", tag("caption", title, class_="unseen"), tag("thead", tag("tr", *cells)), *bodies, class_=class_
    )
    return join(
        tag("p", note, class_="dim"), tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=title)
    )


def _heading(name: str) -> Html:
    return tag("th", name.removesuffix(">"), scope="col", class_="num" if name.endswith(">") else None)


def command(line: str) -> Html:
    """Show what can be typed, with a button that copies it."""
    button = tag("button", "copy", type="button", class_="copy", aria_label=f"Copy: {line}")
    return tag("span", tag("code", line), button, class_="command")


def _child(one: object) -> str:
    return one if isinstance(one, Html) else escape(printable(one), quote=True)


def _attribute(item: tuple[str, object]) -> str:
    name, value = item[0].rstrip("_").replace("_", "-"), item[1]
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(printable(value), quote=True)}"'
