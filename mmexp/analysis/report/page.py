"""The page of a comparison: the sections that are found in its folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from mmexp import __version__
from mmexp.analysis.comparison import ComparedRuns, Comparison
from mmexp.analysis.report import ranking, whole
from mmexp.analysis.report.document import document
from mmexp.analysis.report.html import Html, command, tag
from mmexp.analysis.report.media import Media
from mmexp.run.collect import said_of_trials

RANKINGS = 50
"""Position of the rankings among the sections over all of them."""


def page(compared: ComparedRuns, made_by: str, date: str) -> str:
    """Return the page as one text.

    Args:
        compared: At least one comparison.
        made_by: What was typed.
        date: When.
    """
    media, comparisons = Media(), compared.comparisons
    parts = [_ranking(i, one, media) for i, one in enumerate(comparisons)]
    over_all = {one: one.show(comparisons, compared.unfinished) for one in sections(whole)}
    above = [_section(one, content, _anchor(one), 2) for one, content in over_all.items() if one.POSITION < RANKINGS]
    below = [_section(one, content, _anchor(one), 2) for one, content in over_all.items() if one.POSITION > RANKINGS]
    number = sum(len(way.group.runs) for one in comparisons for way in one.ways)
    trials = tag("p", f"{said_of_trials(compared.trials)}.", class_="dim") if compared.trials else None
    top = tag(
        "header",
        tag("h1", "mmexp report"),
        tag("p", f"{number} runs, made on {date} by mmexp {__version__}", class_="dim"),
        trials,
        command(made_by),
        _contents(comparisons),
    )
    small = f"{media.left_out} images and recordings were left out to keep the page small."
    main = tag("main", *above, *parts, *below, tag("p", small) if media.left_out else None)
    return document(f"mmexp report: {comparisons[0].title}", top, main)


def sections(package: ModuleType) -> Iterator[ModuleType]:
    """Yield the modules of a package, each a section, by their position."""
    found = [import_module(f"{package.__name__}.{one.name}") for one in iter_modules(package.__path__)]
    yield from sorted(found, key=lambda one: int(one.POSITION))


def _ranking(position: int, comparison: Comparison, media: Media) -> Html:
    shown = [_section(one, one.show(comparison, media), f"r{position}-{one.POSITION}", 3) for one in sections(ranking)]
    title = tag("h2", comparison.title, id=f"r{position}")
    return tag("article", title, *shown, aria_labelledby=f"r{position}")


def _section(module: ModuleType, content: Html | None, name: str, depth: int) -> Html | None:
    if content is None:
        return None
    heading = tag(f"h{depth}", module.TITLE, id=name) if module.TITLE else None
    kind = module.__name__.rpartition(".")[2].replace("_", "-")
    return tag("section", heading, content, class_=kind, aria_labelledby=name if module.TITLE else None)


def _anchor(module: ModuleType) -> str:
    return f"whole-{module.POSITION}"


def _contents(comparisons: Sequence[Comparison]) -> Html | None:
    if len(comparisons) < 2:
        return None
    links = [tag("li", tag("a", one.title, href=f"#r{i}")) for i, one in enumerate(comparisons)]
    return tag("nav", tag("ul", *links), aria_label="Data sets")
