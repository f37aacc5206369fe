from __future__ import annotations

import copy
import logging
import math
import random
from typing import Any

import numpy as np
import pytest
import torch
from torchmetrics.functional.text import bert_score
from torchmetrics.utilities import dim_zero_cat

from mmexp.error import ConfigError
from mmexp.inference.evaluate import measure
from mmexp.inference.predictor import restore
from mmexp.metric.bertscore import NAMES, BertScore
from mmexp.run import summary
from mmexp.training.checkpoint import read_weights
from mmexp.training.restored import best_checkpoint

WORDS = ["a", "b", "c", "red", "green", "blue", "thing", "things", "0", "1", "2"]


def corpus(samples: int = 12) -> list[dict[str, Any]]:
    """Random texts of 1 to 7 words, with 1 to 3 references."""
    draw = random.Random(0)

    def text() -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(1, 7)))

    return [{"caption": text(), "references": [text() for _ in range(draw.randint(1, 3))]} for _ in range(samples)]


def scored(rows: list[dict[str, Any]], model: str, batch: int = 100, **options: Any) -> list[float]:
    metric = BertScore(model=model, **options)
    for start in range(0, len(rows), batch):
        metric.update(rows[start : start + batch])
    found = metric.compute()
    return [float(found[name]) for name in NAMES]


def by_hand(rows: list[dict[str, Any]], folder: str, layer: int | None, idf: bool) -> np.ndarray:
    """Precision, recall and F1 in numpy, from what transformers gives for one text at a time."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def embed(text: str) -> tuple[list[int], np.ndarray]:
        given = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            found = model(**given, output_hidden_states=True)
        vectors = (found.last_hidden_state if layer is None else found.hidden_states[layer])[0, 1:-1].double().numpy()
        return given["input_ids"][0, 1:-1].tolist(), vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    documents = [set(embed(text)[0]) for row in rows for text in row["references"]]

    def weight(piece: int) -> float:
        return math.log((len(documents) + 1) / (sum(piece in one for one in documents) + 1)) if idf else 1.0

    best = []
    for row in rows:
        ours, own = embed(row["caption"])
        every = []
        for text in row["references"]:
            theirs, other = embed(text)
            cosines = own @ other.T
            precision = np.average(cosines.max(1), weights=[weight(one) for one in ours])
            recall = np.average(cosines.max(0), weights=[weight(one) for one in theirs])
            every.append((precision, recall, 2 * precision * recall / (precision + recall)))
        best.append(np.max(every, axis=0))
    return np.mean(best, axis=0)


@pytest.mark.parametrize(("layer", "idf"), [(None, False), (1, False), (None, True), (1, True)])
def test_it_agrees_with_numpy_on_what_transformers_gives(tiny_bert, layer, idf):
    rows = corpus()
    expected = by_hand(rows, tiny_bert, layer, idf)
    assert scored(rows, tiny_bert, layer=layer, idf=idf) == pytest.approx(expected, abs=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_it_agrees_with_torchmetrics_pair_by_pair(tiny_bert):
    pairs = [(row["caption"], row["references"][0]) for row in corpus(5)]
    for own, other in pairs:  # one at a time, as torchmetrics pairs sorted texts wrongly
        known = bert_score([own], [other], model_name_or_path=tiny_bert, num_layers=1, max_length=32, truncation=True)
        found = scored([{"caption": own, "references": [other]}], tiny_bert, layer=1)
        assert found == pytest.approx([float(known[name]) for name in ("precision", "recall", "f1")], abs=1e-5)


def test_a_copy_scores_one_and_an_empty_text_none(tiny_bert):
    assert scored([{"caption": "a red thing", "references": ["b", "a red thing"]}], tiny_bert) == pytest.approx([1] * 3)
    assert scored([{"caption": "", "references": ["a"]}, {"caption": "a", "references": [""]}], tiny_bert) == [0] * 3
    assert scored([{"caption": "", "references": [""]}], tiny_bert, idf=True) == [0] * 3


def test_no_reference_is_undefined(tiny_bert):
    assert all(map(math.isnan, scored([{"caption": "a", "references": []}], tiny_bert)))


def test_pieces_that_every_reference_has_count_the_same_where_there_is_nothing_else(tiny_bert):
    row = {"caption": "a b", "references": ["b a"]}
    assert scored([row], tiny_bert, idf=True) == pytest.approx(scored([row], tiny_bert), abs=1e-6)


@pytest.mark.parametrize("idf", [False, True])
def test_batches_padding_and_order_do_not_matter(tiny_bert, idf):
    rows = corpus()
    whole = scored(rows, tiny_bert, idf=idf)
    for batch in (1, 5):
        assert scored(rows, tiny_bert, batch, idf=idf) == pytest.approx(whole, abs=1e-6)
    assert scored(rows[::-1], tiny_bert, 5, idf=idf) == pytest.approx(whole, abs=1e-6)


def test_it_is_computed_in_single_precision_whatever_the_run_computes_in(tiny_bert):
    rows = corpus()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = scored(rows, tiny_bert)
    assert mixed == pytest.approx(scored(rows, tiny_bert), abs=1e-6)


def test_the_model_is_no_part_of_the_metric(tiny_bert):
    metric = BertScore(model=tiny_bert)
    metric.update(corpus())
    assert not [*metric.parameters()] and not metric.state_dict() and not [*metric.children()]
    assert copy.deepcopy(metric).compute() == metric.compute()


def test_texts_that_are_cut_are_counted_in_the_log(tiny_bert, caplog):
    rows = [{"caption": "a b c", "references": ["a b", "a b c red"]}]
    with caplog.at_level(logging.WARNING):
        scored(rows, tiny_bert, max_length=4)
    assert "bertscore: 2 of the texts were longer than the model reads, and were cut. Set max_length" in caplog.text


def test_a_model_that_is_not_there_is_refused_before_training_and_not_before():
    metric = BertScore(model="./nowhere")
    with pytest.raises(ConfigError, match="model must be a path that exists"):
        metric.prepare()


def test_a_run_reports_it_trains_as_without_it_and_saves_nothing_of_the_model(lab, tiny_bert):
    captioning = ["task=captioning", "dataset.targets.captions=text", "inputs=[image]", "training.epochs=1"]
    words = [*captioning, "task.decoder.max_length=8", "training.batch_size=6"]
    plain = lab.train(*words)
    measured = lab.train(*words, "metric=[meteor,bertscore]", f"metric.bertscore.model={tiny_bert}")
    without, found = (summary.read(one)["metrics"] for one in (plain, measured))
    names = {f"{split}/{name}" for split in ("val", "test") for name in (*NAMES, "meteor")}
    assert found.keys() - without.keys() == names and {name: found[name] for name in without} == without
    assert summary.read(measured)["tokenize"]["meteor"] == "words"
    assert {summary.read(measured)["directions"][name] for name in names} == {"max"}
    saved = [read_weights(best_checkpoint(one)).keys() for one in (plain, measured)]
    assert saved[0] == saved[1]
    again = measure(restore(measured)).metrics
    assert [again[name] for name in sorted(names) if "test" in name] == [
        pytest.approx(found[name], abs=1e-6) for name in sorted(names) if "test" in name
    ]


@pytest.mark.parametrize("idf", [False, True])
def test_what_several_processes_have_seen_gives_the_same_number(tiny_bert, idf):
    rows, parts = corpus(), []
    for some in (rows[:5], rows[5:], []):
        parts.append(BertScore(model=tiny_bert, idf=idf))
        parts[-1].update(some)
    for state in ("ids", "best", "lengths", "references_of"):
        setattr(parts[0], state, dim_zero_cat([one for part in parts for one in getattr(part, state)]))
    found = [float(value) for value in parts[0].compute().values()]
    assert found == pytest.approx(scored(rows, tiny_bert, idf=idf), abs=1e-6)
