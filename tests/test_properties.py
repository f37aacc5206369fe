"""What holds for any table and any metric: every row is accounted for, and no order or batch changes a result."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.text import CharErrorRate, WordErrorRate

from mmexp.dataset.manifest import Manifest
from mmexp.error import ConfigError, DataError
from mmexp.metric.anomaly import AnomalyScores
from mmexp.metric.answer import ConsensusAccuracy, ExactMatch
from mmexp.metric.auroc import Auroc
from mmexp.metric.caption import Bleu, RougeL
from mmexp.metric.cider import CiderD
from mmexp.metric.diversity import Distinct
from mmexp.metric.entity import EntityF1
from mmexp.metric.f1 import BinaryF1, MultilabelMacroF1
from mmexp.metric.link import LinkRanks
from mmexp.metric.overlap import Overlap
from mmexp.metric.precision import AveragePrecision, Found
from mmexp.metric.proximity import NeighbourAccuracy
from mmexp.metric.recommendation import RecommendationScores
from mmexp.metric.regression import RegressionScores
from mmexp.metric.retrieval import RetrievalRanks

few = settings(max_examples=25, derandomize=True, deadline=None, database=None)

CELLS: dict[str, list[Any]] = {
    "label": ["1", 1, " 1 ", 1.0, "b", "B ", "लड़की", "猫", "ёж", None, "nan", True],
    "text": ["नीली मेज़", "一只狗", "où est-il?", "😀 \u200d👩", "a\x00b", "اب", "same", "same", "", None, 7, ["x", "y"]],
    "age": [3, -2.5, "4", "1,200.5", "1 200", "?", "N/A", "", None, "7%", "inf", True, "1_0", [1]],
    "photo": ["a.png", "b.png", "x\\a.png", "lost.png", "broken.png", None, "", "x/a.png"],
    "v": [[1, 2], [1.5, 2], "[1, 2]", [1, 2, 3], [[1, 2], [3, 4]], [], None, ["x"], [1, None]],
    "split": ["train", "Train", "val", "dev", "test", "test "],
}
GOOD: list[dict[str, Any]] = [
    {"label": label, "text": "so", "age": age, "photo": "b.png", "v": [age, 0], "split": split}
    for age, (split, label) in enumerate((s, c) for s in ("train", "val", "test") for c in ("a", "b"))
]
tables = st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), max_size=10)


@pytest.fixture(scope="module")
def files() -> Iterator[Path]:
    """Two images that decode and one that does not."""
    folder = Path(mkdtemp())
    (folder / "x").mkdir()
    for n, name in enumerate(("a.png", "b.png", "x/a.png")):
        Image.new("RGB", (2, 2), (n, 0, 0)).save(folder / name)
    (folder / "broken.png").write_bytes(b"\x89PNG")
    yield folder
    shutil.rmtree(folder)


def manifest(folder: Path, rows: Sequence[dict[str, Any]], form: str, on_error: str = "skip") -> Manifest:
    """Write a table with an id in each row, and say how it is read."""
    if form == "jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        lines = io.StringIO(newline="")
        writer = csv.DictWriter(lines, ["id", *CELLS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: json.dumps(cell) if isinstance(cell, list) else cell for name, cell in row.items()} for row in rows
        )
        text = lines.getvalue()
    (folder / f"table.{form}").write_text(text, encoding="utf-8")
    return Manifest(
        root=str(folder),
        manifest=f"table.{form}",
        inputs={"text": "text", "person": ["age"], "image": "photo", "v": "v"},
        targets={"label": "label"},
        on_error=on_error,
        on_leak="warn",
    )


def numbered(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": f"r{n}", **row} for n, row in enumerate([*GOOD, *rows])]


def parts(dataset: Manifest) -> tuple[set[str], list[str]]:
    """Prepare a dataset; return the ids it uses and those it leaves out."""
    dataset.prepare()
    used = [sample.id for split in ("train", "val", "test") for sample in dataset.split(split)]
    assert len(used) == len({*used})
    return {*used}, [row["id"] for row in dataset.skipped]


@few
@given(rows=tables, form=st.sampled_from(["jsonl", "csv"]))
def test_each_row_is_used_or_left_out_with_a_reason_or_all_are_refused(files: Path, rows: Any, form: str) -> None:
    table = numbered(rows)
    used, skipped = parts(manifest(files, table, form))
    assert len(skipped) == len({*skipped}) and used.isdisjoint(skipped)
    assert used.union(skipped) == {row["id"] for row in table} and used >= {f"r{n}" for n in range(len(GOOD))}
    strict = manifest(files, table, form, on_error="raise")
    if skipped:
        with pytest.raises(DataError, match=r"table\.\w+:\d+, sample r\d+: "):
            strict.prepare()
    else:
        assert parts(strict) == (used, [])


@few
@given(rows=tables, form=st.sampled_from(["jsonl", "csv"]), data=st.data())
def test_what_is_found_in_a_table_does_not_depend_on_the_order_of_its_rows(
    files: Path, rows: Any, form: str, data: st.DataObject
) -> None:
    table = numbered(rows)
    found: list[Any] = []
    for order in (table, data.draw(st.permutations(table))):
        dataset = manifest(files, order, form)
        used, skipped = parts(dataset)
        columns = [(one.column, one.role, one.kind, one.values, one.missing) for one in dataset.overview()]
        facts = dataset.describe()
        found.append((used, {*skipped}, columns, facts["classes"], facts["sizes"], facts["table"]))
        close = {one["name"]: one.get("mean") for one in facts["modality"]["person"]["columns"]}
        found[-1] += (close,)
    assert found[0] == found[1]


@few
@given(
    cells=st.lists(st.sampled_from([*CELLS["age"], *CELLS["v"], *CELLS["photo"], *CELLS["text"]]), min_size=1),
    data=st.data(),
)
def test_the_kind_of_a_column_does_not_depend_on_the_order_of_its_cells(
    tmp_path_factory: pytest.TempPathFactory, cells: Any, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    found: list[Any] = []
    for order in (cells, data.draw(st.permutations(cells))):
        rows = [{"id": str(n), "own": cell, "label": str(n % 2)} for n, cell in enumerate(order)]
        (folder / "cells.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        dataset = Manifest(root=str(folder), manifest="cells.jsonl", inputs={"own": "own"})
        try:
            (own,) = [one for one in dataset.overview() if one.role == "own"]
            found.append((own.kind, own.values, own.missing))
        except (ConfigError, DataError) as refused:
            found.append((type(refused).__name__, str(refused).rpartition(": ")[2], 0))
    assert found[0] == found[1]


WORDS = ["लड़की", "पानी", "dog", "café", "ёж", "狗", "草地", "หมา", "😀", "3"]
TAGS = ["O", "B-x", "I-x", "B-y"]


class Draw:
    """Draws the parts of a sample, from few values, so that scores are often equal."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def number(self, most: int) -> int:
        return self.data.draw(st.integers(0, most))

    def levels(self, *shape: int) -> Tensor:
        size = torch.Size(shape).numel()
        return torch.tensor(self.data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))).view(shape) / 4

    def text(self) -> str:
        return " ".join(self.data.draw(st.lists(st.sampled_from(WORDS), max_size=5)))

    def tags(self) -> list[str]:
        return self.data.draw(st.lists(st.sampled_from(TAGS), min_size=3, max_size=3))

    def boxes(self) -> Found:
        rows = self.number(2)
        corners = self.levels(rows, 4) * 40
        corners[:, 2:] += corners[:, :2] + 10
        return Found(corners, (self.levels(rows) * 4).long(), self.levels(rows))


def pair(draw: Draw, number: int) -> tuple[Any, ...]:
    """A caption with its references."""
    return draw.text(), [draw.text() for _ in range(draw.number(2))]


def item(draw: Draw, number: int) -> tuple[Any, ...]:
    """A text and an image, of which other samples have the same."""
    image = draw.number(2)
    return draw.levels(3), torch.eye(3)[image], torch.tensor([number, image]), torch.tensor(image)


Sampled = Callable[[Draw, int], tuple[Any, ...]]
METRICS: dict[str, tuple[Callable[[Path], Metric], Sampled]] = {
    "anomaly": (lambda _: AnomalyScores(recall=0.5, window=1.0), lambda d, n: (d.levels(), torch.tensor(d.number(1)))),
    "exact match": (lambda _: ExactMatch(), pair),
    "consensus": (lambda _: ConsensusAccuracy(), pair),
    "auroc": (lambda _: Auroc(), lambda d, n: (d.levels(2), (d.levels(2) > 0.25).long())),
    "bleu": (lambda _: Bleu(order=2), pair),
    "rouge": (lambda _: RougeL(), pair),
    "cider": (lambda path: CiderD(references=str(path)), pair),
    "distinct": (lambda _: Distinct(order=1), pair),
    "entities": (lambda _: EntityF1(types=["x", "y"]), lambda d, n: (d.tags(), d.tags())),
    "f1": (lambda _: BinaryF1(), lambda d, n: (d.levels(), torch.tensor(d.number(1)))),
    "f1 of labels": (lambda _: MultilabelMacroF1(2), lambda d, n: (d.levels(2), (d.levels(2) > 0.5).long())),
    "words": (lambda _: WordErrorRate(), lambda d, n: (d.text(), d.text())),
    "characters": (lambda _: CharErrorRate(), lambda d, n: (d.text(), d.text())),
    "links": (lambda _: LinkRanks(), lambda d, n: (torch.tensor(1 + d.number(4)),)),
    "overlap": (lambda _: Overlap(num_classes=3), lambda d, n: ((d.levels(3, 3) * 4).long(),)),
    "boxes": (lambda _: AveragePrecision(num_classes=4), lambda d, n: (d.boxes(), d.boxes())),
    "neighbours": (lambda _: NeighbourAccuracy(neighbours=2), lambda d, n: (d.levels(3), torch.tensor(d.number(1)))),
    "items": (
        lambda _: RecommendationScores(items=4),
        lambda d, n: (d.levels(4), d.levels(4), torch.tensor(d.number(4) - 1)),
    ),
    "numbers": (lambda _: RegressionScores(scale=1.0), lambda d, n: (d.levels(), d.levels())),
    "retrieval": (lambda _: RetrievalRanks(at=(1, 2)), item),
}


def updated(metric: Metric, samples: Sequence[tuple[Any, ...]]) -> None:
    """Add one batch."""
    columns = [list(column) for column in zip(*samples, strict=True)]
    metric.update(*(torch.stack(column) if isinstance(column[0], Tensor) else column for column in columns))


def result(metric: Metric) -> dict[str, float]:
    value = metric.compute()
    return {name: one.item() for name, one in (value if isinstance(value, dict) else {"": value}).items()}


@pytest.mark.parametrize("name", METRICS)
@settings(few, max_examples=12)
@given(data=st.data())
def test_a_metric_depends_neither_on_batches_nor_on_the_order_of_samples_nor_on_processes(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    references = tmp_path_factory.getbasetemp() / "references.jsonl"
    references.write_text("".join(json.dumps([word, "dog"]) + "\n" for word in WORDS))
    make, sample = METRICS[name]
    samples = [sample(Draw(data), number) for number in range(data.draw(st.integers(1, 6)))]
    whole = make(references)
    updated(whole, samples)
    order = data.draw(st.permutations(samples))
    first, second = make(references), make(references)  # one for each of two processes
    updated(first, order[:1])
    for one in order[1:]:
        updated(data.draw(st.sampled_from([first, second])), [one])
    first.merge_state(second)
    assert result(first) == pytest.approx(result(whole), abs=1e-5, nan_ok=True)
