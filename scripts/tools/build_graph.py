"""Build a knowledge graph from text, in two steps around a relation classifier.

    python scripts/tools/build_graph.py pairs manifest.jsonl outputs/tagging/RUN/predictions/test.jsonl pairs.jsonl
    python scripts/tools/build_graph.py triples pairs.jsonl outputs/relation/RUN/predictions/test.jsonl graph.jsonl

``pairs`` takes the entities that a tagging run found in each sentence (columns ``id`` and ``words``) and writes a row
for each two of them: the sentence with both marked, which task=classification reads as its text. With ``--facts``, a
table of ``id`` and ``triples``, each row has the label that the classifier learns from: the relation that holds between
the two in that sentence, or ``none``. ``triples`` takes what the classifier answered and writes head, relation and tail
of all that is not ``none``, a row per fact, for dataset=triples. Mentions of the same words are the same entity.

Source: marks around the two entities as in Baldini Soares et al. 2019, "Matching the Blanks",
https://arxiv.org/abs/1906.03158, section 3.2 (entity markers).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from mmexp.dataset.kind.words import read_words
from mmexp.dataset.table.reader import read_table
from mmexp.error import DataError, MmexpError

NONE = "none"
MARKS = ("head_", "_head"), ("tail_", "_tail")
"""Before and behind an entity; words to any tokenizer."""

Row = Mapping[str, Any]
Span = tuple[int, int]


def pairs(sentences: Iterable[Row], found: Mapping[str, Row], facts: Mapping[str, Row] | None) -> Iterator[Row]:
    """A row for each two entities of a sentence, in both orders.

    Args:
        sentences: With ``id`` and ``words``.
        found: Predictions of a tagging run, by id; sentences without any are left out.
        facts: Rows with ``triples``, by id; None gives no labels.
    """
    for sentence in sentences:
        words = sentence["words"]
        spans = [(one["start"], one["end"]) for one in found.get(sentence["id"], {}).get("entities", ())]
        for ends in permutations(spans, 2):
            head, tail = (" ".join(words[start:end]).lower() for start, end in ends)
            row = {"id": f"{sentence['id']}/{'/'.join(f'{start}-{end}' for start, end in ends)}"}
            row |= {"text": marked(words, ends), "head": head, "tail": tail}
            if facts is not None:
                told = facts.get(sentence["id"], {}).get("triples", ())
                row["label"] = next((relation for one, relation, other in told if (one, other) == (head, tail)), NONE)
            yield row


def marked(words: Sequence[str], ends: Sequence[Span]) -> str:
    """The sentence with marks around its head and its tail."""
    before = {start: opening for (start, _), (opening, _) in zip(ends, MARKS, strict=True)}
    behind = {end - 1: closing for (_, end), (_, closing) in zip(ends, MARKS, strict=True)}
    told = ((before.get(place), word, behind.get(place)) for place, word in enumerate(words))
    return " ".join(part for parts in told for part in parts if part)


def triples(asked: Iterable[Row], answers: Mapping[str, Row], least: float) -> list[Row]:
    """A row for each fact: head, relation, tail, the highest score that it had, and how many sentences state it.

    Args:
        asked: Rows that ``pairs`` gave.
        answers: Predictions of a classification run, by id.
        least: Score below which an answer does not count.
    """
    facts: dict[tuple[str, str, str], list[float]] = {}
    for row in asked:
        answer = answers.get(row["id"], {"label": NONE})
        if answer["label"] != NONE and answer["score"] >= least:
            facts.setdefault((row["head"], answer["label"], row["tail"]), []).append(answer["score"])
    return [
        {"head": head, "relation": relation, "tail": tail, "score": max(scores), "sentences": len(scores)}
        for (head, relation, tail), scores in facts.items()
    ]


def read(path: Path, *columns: str) -> dict[str, Row]:
    """Rows of a table by id; ``words`` are split.

    Raises:
        DataError: If a row lacks a column; names its line.
    """
    rows: dict[str, Row] = {}
    for record in read_table(path):
        if lacking := [name for name in columns if record.values.get(name) is None]:
            raise DataError(f"{lacking[0]} must have a value, got none.", sample=record.id, path=record.where)
        words = {"words": read_words(record.values["words"])} if "words" in columns else {}
        rows[record.id] = {**record.values, **words, "id": record.id}
    return rows


def write(rows: Iterable[Row], path: Path) -> None:
    """Write a table and say how long it is."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} rows in {path}")


def main() -> None:
    """Do one of the two steps."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    for step, first, second in (("pairs", "sentences", "tags"), ("triples", "pairs", "answers")):
        own = steps.add_parser(step)
        for name in (first, second, "out"):
            own.add_argument(name, type=Path)
    steps.choices["pairs"].add_argument("--facts", type=Path, help="table of id and triples, to learn relations from")
    steps.choices["triples"].add_argument("--least", type=float, default=0.5, help="lowest score of a fact, in [0, 1]")
    asked = parser.parse_args()
    try:
        if asked.step == "pairs":
            facts = None if asked.facts is None else read(asked.facts, "triples")
            write(pairs(read(asked.sentences, "words").values(), read(asked.tags, "entities"), facts), asked.out)
        else:
            answers = read(asked.answers, "label", "score")
            write(triples(read(asked.pairs, "head", "tail").values(), answers, asked.least), asked.out)
    except MmexpError as fault:
        parser.exit(fault.exit_code, f"{fault}\n")


if __name__ == "__main__":
    main()
