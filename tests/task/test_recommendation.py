from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch.nn import functional as F

from mmexp.config.compose import compose
from mmexp.contract import Batch, Padded, Sample, Tokens
from mmexp.dataset.catalogue import catalogue
from mmexp.fusion.concat import ConcatFusion
from mmexp.pool.mean import MeanPool
from mmexp.run.folder import RunFolder
from mmexp.task.recommendation import Recommendation
from mmexp.training.experiment import build, load_data
from mmexp.training.trainer import fit
from mmexp.transform.symbols import SymbolsTransform

PACK = Path(__file__).resolve().parents[2] / "../shared/data/movielens100k_posters"
DIM = 8
ITEMS = [f"i{n:02d}" for n in range(12)]
TAKEN = [item for n, item in enumerate(ITEMS) for _ in range(12 - n)]
CONTENT = {"size": {item: [float(n), 1.0] for n, item in enumerate(ITEMS)}}
SYMBOLS = [*ITEMS[2:], "not for sale"]


@pytest.fixture
def path(tmp_path: Path) -> str:
    rows = catalogue(ITEMS, TAKEN, CONTENT)
    (tmp_path / "catalogue.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(tmp_path / "catalogue.jsonl")


def make(path: str, **options: object) -> Recommendation:
    torch.manual_seed(0)
    given = {"pool": MeanPool(), "dim": DIM, "catalogue": path, "symbols": SYMBOLS, "dropout": 0.0}
    return Recommendation(**{**given, **options})


def fusion() -> ConcatFusion:
    torch.manual_seed(1)
    return ConcatFusion(dim=DIM, modalities=["items", "image"], pool=MeanPool())


def tokens(rows: int) -> dict[str, Tokens]:
    torch.manual_seed(2)
    return {m: Tokens(torch.randn(rows, 3, DIM), torch.ones(rows, 3, dtype=torch.bool)) for m in ("items", "image")}


def batch(task: Recommendation, histories: list[list[str] | None], targets: list[str | None]) -> Batch:
    seen, told = SymbolsTransform(symbols=SYMBOLS), task.transforms()["item"]
    items = seen.collate([None if row is None else seen.prepare(row) for row in histories])
    labels = told.collate([None if one is None else told.prepare(one) for one in targets])
    return Batch({"items": items}, {"item": labels}, tuple(f"s{i}" for i in range(len(targets))))


def test_the_loss_is_cross_entropy_over_all_items_of_the_known_targets(path):
    task = make(path).eval()
    given = batch(task, [["i03"], ["i04"], ["i05"], None], ["i01", None, "never seen", "i07"])
    outputs = task(tokens(4), fusion(), given)
    state = F.layer_norm(fusion()(tokens(4)).pool(), (DIM,))
    told = torch.tensor([CONTENT["size"][item] for item in ITEMS]) / 2**0.5
    logits = state @ (task.embedding + told @ task.project).T + task.bias
    torch.testing.assert_close(outputs["logits"], logits)
    expected = F.cross_entropy(logits[[0, 3]], torch.tensor([1, 7]))
    torch.testing.assert_close(task.losses(outputs, given)["item"], expected)


def test_untaught_it_recommends_what_is_popular_but_nothing_of_the_history(path):
    task = make(path).eval()
    with torch.no_grad():
        task.embedding.zero_(), task.project.zero_()
    given = batch(task, [["i03", "i02", "not for sale"], ["unheard of"], None], ["i02", "i04", "i05"])
    rows = task.predictions(task(tokens(3), fusion(), given), given)
    assert rows[0]["items"] == [item for item in ITEMS if item not in ("i02", "i03")]
    assert rows[1]["items"] == rows[2]["items"] == ITEMS[:10]
    assert [row["rank"] for row in rows] == [row["popularity_rank"] for row in rows] == [12, 5, 6]
    free = make(path, repeats=True).eval()
    assert [row["popularity_rank"] for row in free.predictions(free(tokens(3), fusion(), given), given)] == [3, 5, 6]


def test_what_is_popular_is_measured_beside_it(path):
    task = make(path).eval()
    metrics, given = task.metrics(), batch(task, [["i00"], ["i01"], None], ["i01", "not for sale", None])
    task.measure(metrics, task(tokens(3), fusion(), given), given)
    values = metrics.compute()
    assert task.monitor in values and task.mode == "max"
    assert values["popularity_recall_at_10"] == 0.5 and 0.25 < values["popularity_ndcg_at_10"] < 0.5


@pytest.mark.parametrize("content", [None, []])
def test_it_learns_what_comes_after_what(path, content):
    task, fused, given = make(path, content=content), fusion(), tokens(6)
    known = batch(task, [[item] for item in ITEMS[:6]], ITEMS[6:])
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=2e-2)
    for _ in range(80):
        optimizer.zero_grad()
        task.losses(task(given, fused, known), known)["item"].backward()
        optimizer.step()
    metrics = task.eval().metrics()
    task.measure(metrics, task(given, fused, known), known)
    values = metrics.compute()
    assert values["recall_at_1"] == 1 and values["popularity_ndcg_at_10"] < 0.6


def test_content_alone_tells_items_apart_and_its_parts_can_be_left_out(path):
    task = make(path)
    with torch.no_grad():
        task.embedding.zero_()
    assert task.candidates().std(0).min() > 0 and make(path, content=["size"]).project.shape == (2, DIM)
    plain = make(path, content=[])
    assert plain.project.shape == (0, DIM) and torch.equal(plain.candidates(), plain.embedding)
    with pytest.raises(ValueError, match="content must be of size, got 'colour'"):
        make(path, content=["colour"])


@pytest.mark.parametrize("targets", [[None, None], ["never seen", None], []])
def test_missing_inputs_and_targets_leave_everything_finite(path, targets):
    task, given = make(path), tokens(2)
    for own in given.values():
        own.mask.zero_()
    known = batch(task, [None, None], targets) if targets else Batch({}, {}, ("a", "b"))
    outputs = task(given, fusion(), known)
    loss = task.losses(outputs, known)["item"]
    loss.backward()
    task.eval().measure(task.metrics(), outputs, known)
    json.dumps(task.predictions(outputs, known), allow_nan=False)
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_who_has_taken_everything_still_gets_an_answer(path):
    task = make(path, symbols=ITEMS).eval()
    given = Batch({"items": Padded(torch.arange(1, 13)[None], torch.ones(1, 12).bool())}, {}, ("a",))
    (row,) = task.predictions(task(tokens(1), fusion(), given), given)
    assert json.dumps(row, allow_nan=False) and row["items"] == []


def test_a_target_that_cannot_be_found_has_no_rank(path):
    task = make(path).eval()
    given = batch(task, [["i03"], ["i03"]], ["never seen", None])
    rows = task.predictions(task(tokens(2), fusion(), given), given)
    assert [(row["target"], row["rank"]) for row in rows] == [("never seen", None), (None, None)]


def test_its_pictures_are_lists_and_how_well_rare_items_are_found(path):
    task = make(path).eval()
    given = batch(task, [["i03"], ["i04"], None], ["i01", "i06", None])
    rows = task.predictions(task(tokens(3), fusion(), given), given)
    samples = [Sample("s0", {"items": ["i03"]}, {}), Sample("s1", {"items": "i04"}, {}), Sample("s2", {}, {})]
    figures = task.plots(rows, samples)
    assert set(figures) == {"lists", "popularity"} and len(figures["lists"].axes) == 2
    assert task.plots(rows[2:], samples[2:]) == {}


@pytest.mark.skipif(not PACK.is_dir(), reason="the MovieLens pack is not there")
@pytest.mark.filterwarnings("ignore:.*LeafSpec")
def test_the_experiment_learns_from_some_real_users(tmp_path):
    header, *ratings = (PACK / "ratings.csv").read_text().splitlines()
    few = [line for line in ratings if line.split(",")[0] in ("1", "3", "5", "7")]
    (tmp_path / "ratings.csv").write_text("\n".join([header, *few]))
    videos = [json.loads(line) for line in (PACK / "items.jsonl").read_text().splitlines()]
    rows = [{**video, "image": video["image"] if n < 20 else None} for n, video in enumerate(videos)]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "posters").mkdir()
    for path in ("users.jsonl", *(row["image"] for row in rows if row["image"])):
        shutil.copyfile(PACK / path, tmp_path / path)
    words = ["experiment=movielens_recommendation", "training.epochs=1", "training.validate_every=1", "hardware=cpu"]
    root = compose([*words, f"dataset.root={tmp_path}", "inputs=null"]).plain()
    folder = RunFolder.create(tmp_path / "outputs", "x")
    experiment = build(root, load_data(root), folder)
    found = fit(experiment, folder, Console(quiet=True))["metrics"]
    assert set(experiment.data.inputs) == {"items", "titles", "genres", "posters", "user"}
    assert 0 < found["test/loss"] < 9 and 0 < found["test/coverage"] < 0.1
    assert {path.stem for path in folder.plots.iterdir()} == {"lists", "popularity"}
