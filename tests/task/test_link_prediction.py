from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Tokens
from mmexp.fusion.none import NoFusion
from mmexp.fusion.product import ProductFusion
from mmexp.fusion.sum import SumFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.link_prediction import TOP, LinkPrediction, kinds_of

DIM, ENTITIES = 8, ["ann", "bo", "cy", "di", "eve", "flo"]
TRIPLES = [["ann", "knows", "bo"], ["ann", "knows", "cy"], ["di", "knows", "eve"]]


@pytest.fixture
def triples(tmp_path: Path) -> str:
    path = tmp_path / "triples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TRIPLES))
    return str(path)


def make(triples: str = "", **options: Any) -> LinkPrediction:
    torch.manual_seed(0)
    return LinkPrediction(**{"pool": MeanPool(), "dim": DIM, "entities": ENTITIES, "triples": triples, **options})


def tokens(rows: int, *names: str) -> dict[str, Tokens]:
    torch.manual_seed(2)
    there = torch.ones(rows, 1, dtype=torch.bool)
    return {name: Tokens(torch.randn(rows, 1, DIM), there.clone()) for name in names or ("head", "relation")}


def fusion(kind: type = ProductFusion) -> Any:
    return kind(dim=DIM, modalities=["head", "relation"], pool=MeanPool())


def batch(task: LinkPrediction, **raw: list[Any]) -> Batch:
    transforms = task.transforms()
    prepared = {name: [None if one is None else transforms[name].prepare(one) for one in raw[name]] for name in raw}
    targets = {name: transforms[name].collate(items) for name, items in prepared.items()}
    return Batch({}, targets, tuple(f"s{i}" for i in range(len(next(iter(raw.values()))))))


def test_with_the_product_it_scores_as_distmult_does(triples):
    task, given = make(triples).eval(), tokens(3)
    table = task.embedding.data
    found = task(given, fusion(), batch(task, tail=[None] * 3))["logits"]
    for i in range(3):
        head, relation = (own.features[i, 0] / own.features[i, 0].pow(2).mean().sqrt() for own in given.values())
        for e in range(len(ENTITIES)):
            expected = sum(float(head[d] * relation[d] * table[e, d]) for d in range(DIM)) + float(task.bias.data[e])
            assert found[i, e].item() == pytest.approx(expected, abs=1e-4)


def test_with_the_sum_it_ranks_as_transe_does(triples):
    """Under the squared distance, once each bias is minus half the squared length of its entity."""
    task, given = make(triples).eval(), tokens(5)
    task.bias.data = -task.embedding.data.pow(2).sum(1) / 2
    found = task(given, fusion(SumFusion), batch(task, tail=[None] * 5))["logits"]
    ends = given["head"].features[:, 0] + given["relation"].features[:, 0]
    assert torch.equal(found.argsort(1), (-torch.cdist(ends, task.embedding)).argsort(1))


def test_hidden_layers_stand_between_fusion_and_score(triples):
    assert len(list(make(triples, depth=1).parameters())) > len(list(make(triples).parameters())) == 2


def test_the_loss_is_cross_entropy_over_all_entities(triples):
    task = make(triples, label_smoothing=0.2)
    known = batch(task, tail=["cy", None, "bo", "nobody"])
    logits = torch.randn(4, len(ENTITIES))
    terms = []
    for row, target in ((0, 2), (2, 1)):
        nll = -logits[row].log_softmax(-1)
        terms.append(0.8 * nll[target] + 0.2 * nll.mean())
    torch.testing.assert_close(task.losses({"logits": logits}, known)["link"], torch.stack(terms).mean())


@pytest.mark.parametrize("tails", [[None, None], ["nobody", None], None])
def test_without_targets_the_loss_is_nothing_and_all_stays_finite(triples, tails):
    task, given = make(triples), tokens(2)
    given["head"].mask[0] = False
    known = batch(task, tail=tails) if tails else Batch({}, {}, ("s0", "s1"))
    outputs = task(given, fusion(), known)
    loss = task.losses(outputs, known)["link"]
    loss.backward()
    assert loss == 0 and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())
    json.dumps(task.predictions(outputs, known), allow_nan=False)
    task.measure(task.metrics(), outputs, known)


def test_other_right_answers_are_filtered_out_if_the_query_is_told(triples):
    task = make(triples)
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0, -1.0, -1.0], [0.0, 9.0, 9.0, 9.0, 1.0, 2.0]])
    queries = {"query": [("ann", "knows"), ("di", "knows")]}
    for more, ranks in ((queries, [2, 5]), ({}, [3, 5])):
        known, metrics = batch(task, tail=["bo", "eve"], **more), task.metrics()
        task.measure(metrics, {"logits": logits}, known)
        assert [row["rank"] for row in task.predictions({"logits": logits}, known)] == ranks
        assert metrics.compute()["mrr"].item() == pytest.approx(sum(1 / rank for rank in ranks) / 2)


def test_what_is_measured_has_the_names_it_is_reported_by(triples):
    task, metrics = make(triples), make(triples).metrics()
    task.measure(metrics, {"logits": torch.eye(6)}, batch(task, tail=ENTITIES))
    assert {name: value.item() for name, value in metrics.compute().items()} == {
        "mrr": 1,
        "hits_at_1": 1,
        "hits_at_3": 1,
        "hits_at_10": 1,
    }
    assert task.monitor in metrics.compute()


def test_each_row_tells_the_best_answers_and_where_the_target_ranks(triples):
    task = make(triples)
    known = batch(task, tail=["bo", None], query=[("ann", "knows"), None])
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0, -1.0, -1.0]] * 2)
    one, other = task.predictions({"logits": logits}, known)
    assert one["tail"] == "di" and list(one["scores"]) == ["di", "cy", "bo", "ann", "eve"] and len(one["scores"]) == TOP
    assert one["score"] == pytest.approx(math.e**3 / sum(math.e**x for x in (0, 1, 2, 3, -1, -1)))
    assert (one["query"], one["target"], one["rank"], one["among"]) == (("ann", "knows"), "bo", 2, 5)
    assert other["target"] is None and "rank" not in other and other["query"] is None
    assert task.predictions({"logits": logits}, Batch({}, {}, ("a", "b")))[0].keys() == {
        "id",
        "tail",
        "score",
        "scores",
    }


def test_one_input_alone_is_enough_to_ask(triples):
    task = make(triples)
    fuse = NoFusion(dim=DIM, modalities=["relation"])
    assert task.inputs is None and task(tokens(2, "relation"), fuse, Batch({}, {}, ("a", "b")))["logits"].shape == (
        2,
        6,
    )


def test_it_learns_what_only_head_and_relation_together_tell(triples):
    task, vectors = make(triples, dropout=0.0), torch.nn.Parameter(torch.randn(4, DIM))
    rows = [(head, relation) for head in (0, 1) for relation in (2, 3)]
    there = torch.ones(4, 1, dtype=torch.bool)
    known = batch(task, tail=["ann", "bo", "bo", "ann"])
    optimizer = torch.optim.Adam([*task.parameters(), vectors], lr=0.05)
    for _ in range(80):
        given = {
            name: Tokens(vectors[[row[i] for row in rows]].unsqueeze(1), there)
            for i, name in enumerate(("head", "relation"))
        }
        outputs = task(given, fusion(), known)
        optimizer.zero_grad()
        task.losses(outputs, known)["link"].backward()
        optimizer.step()
    metrics = task.metrics()
    task.measure(metrics, outputs, known)
    assert metrics.compute()["hits_at_1"] == 1


def test_answers_under_autocast_are_told_in_full(triples):
    task = make(triples).eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = task(tokens(3), fusion(), Batch({}, {}, tuple("abc")))["logits"]
    assert found.dtype == torch.float32
    torch.testing.assert_close(
        found, task(tokens(3), fusion(), Batch({}, {}, tuple("abc")))["logits"], atol=0.1, rtol=0
    )


def test_its_pictures_are_ranks_and_entities(triples):
    task = make(triples)
    known = batch(task, tail=["bo", "eve", "cy"], query=[("ann", "knows"), None, None])
    rows = task.predictions({"logits": torch.randn(3, 6)}, known)
    assert set(task.plots(rows, [])) == {"ranks", "entities"}
    assert task.plots([{"id": "a", "tail": "bo"}], []) == {}


def test_an_entity_is_of_the_kind_that_it_answers_most():
    assert kinds_of(["a", "a", "a", "b"], ["r", "s", "s", "r"]) == {"a": "s", "b": "r"}


def test_too_few_entities_are_refused(triples):
    with pytest.raises(ValueError, match=r"entities must be at least 2, got \['ann'\]"):
        make(triples, entities=["ann"])


def test_a_target_that_is_no_entity_ranks_last(triples):
    task = make(triples)
    rows = task.predictions({"logits": F.one_hot(torch.tensor([3]), 6).float()}, batch(task, tail=["nobody"]))
    assert rows[0]["rank"] == 6
