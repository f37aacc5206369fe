"""Draw questions about images, with the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmexp.contract import Sample
from mmexp.plot.gallery import gallery

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12  # images shown


def questions(rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> dict[str, Figure]:
    """Draw some images, each over its question, the answer and, if that was wrong, the right one.

    Args:
        rows: With ``label`` and, where known, ``target``.
        samples: The sample of each; its ``question`` is shown, or its ``text`` if it has none of that name.
    """
    pairs = [(row, sample) for row, sample in zip(rows, samples, strict=False) if "image" in sample.inputs]
    shown = pairs[:: max(1, len(pairs) // SHOWN)][:SHOWN]
    titles = [f"{_first(sample, 'question') or question_text(sample)}\n{_title(row)}" for row, sample in shown]
    return {"questions": gallery([sample.inputs["image"] for _, sample in shown], titles)} if shown else {}


def question_text(sample: Sample) -> str:
    """The text of a sample, the first if it has several; empty if it has none."""
    return _first(sample, "text")


def _first(sample: Sample, name: str) -> str:
    text = sample.inputs.get(name, "")
    return text if isinstance(text, str) else next(iter(text), "")


def _title(row: Mapping[str, Any]) -> str:
    wrong = row.get("target") not in (None, row["label"])
    return f"{row['label']} (wrong: {row['target']})" if wrong else str(row["label"])
