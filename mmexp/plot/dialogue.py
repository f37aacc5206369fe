"""Dialogues about images, with the generated reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmexp.contract import Sample
from mmexp.plot.gallery import gallery

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12  # images shown
TURNS = 3  # shown of each dialogue, the newest


def dialogues(rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> dict[str, Figure]:
    """Draw some images, each over the newest turns of its dialogue, the reply and, if it differs, the true one.

    Args:
        rows: With ``reply`` and, where known, ``target``.
        samples: The sample of each; ``history`` holds its turns.
    """
    pairs = [(row, sample) for row, sample in zip(rows, samples, strict=False) if "image" in sample.inputs]
    shown = pairs[:: max(1, len(pairs) // SHOWN)][:SHOWN]
    titles = ["\n".join([*_turns(sample)[-TURNS:], f"> {_title(row)}"]) for row, sample in shown]
    return {"dialogues": gallery([sample.inputs["image"] for _, sample in shown], titles)} if shown else {}


def _turns(sample: Sample) -> Sequence[str]:
    history = sample.inputs.get("history", ())
    return [history] if isinstance(history, str) else history


def _title(row: Mapping[str, Any]) -> str:
    wrong = row.get("target") not in (None, row["reply"])
    return f"{row['reply']} (true: {row['target']})" if wrong else str(row["reply"])
