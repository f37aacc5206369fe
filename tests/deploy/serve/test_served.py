from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmexp.api.predict import predict
from mmexp.deploy.serve.exchange import Payload, Upload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.served import ServedRun, read_reference
from mmexp.error import DataError
from mmexp.run.folder import RunFolder


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("served")).train("training.epochs=1")


@pytest.fixture(scope="module")
def served(run: RunFolder) -> ServedRun:
    return ServedRun.load(str(run.path), (), Limits(batch=4))


def rows(tiny: Path) -> Iterator[tuple[Payload, dict[str, str]]]:
    """Requests, and what is typed to predict the same: some lack an input."""
    for i, line in enumerate(map(json.loads, (tiny / "manifest.jsonl").read_text().splitlines()[:8])):
        typed = {"image": str(tiny / line["image"]), "text": line["text"]}
        for lacking in {3: ["image"], 5: ["text"]}.get(i, []):
            del typed[lacking]
        sent = {n: Upload(Path(v).read_bytes(), ".png") if n == "image" else v for n, v in typed.items()}
        yield Payload(f"r{i}", sent), {"id": f"r{i}", **typed}


def test_answers_are_those_of_predict_alone_and_in_batches(served: ServedRun, run: RunFolder, tiny: Path) -> None:
    payloads, typed = zip(*rows(tiny), strict=True)
    wanted = [predict(run.path, one)[0] for one in typed[:4]] + predict(run.path, *typed[4:])
    for found in (served.answer(payloads), [served.answer([one])[0] for one in payloads]):
        assert [one.status for one in found] == [200] * 8
        for answer, row in zip(found, wanted, strict=True):
            assert answer.body["id"] == row["id"] and answer.body["label"] == row["label"]
            assert answer.body["scores"] == pytest.approx(row["scores"], abs=1e-6)


def test_one_request_at_fault_does_not_spoil_the_others(served: ServedRun, tiny: Path) -> None:
    good = next(rows(tiny))[0]
    found = served.answer([good, Payload("bad", {"image": Upload(b"broken")}), good])
    assert [one.status for one in found] == [200, 422, 200]
    assert found[1].body["error"]["code"] == "invalid_input"


def test_a_model_that_raises_fails_only_the_sample_at_fault(
    served: ServedRun, tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = served._predict

    def fail(samples: Any) -> Any:
        if any(one.id == "r1" for one in samples):
            raise RuntimeError("secret of the model")
        return own(samples)

    monkeypatch.setattr(served, "_predict", fail)
    found = served.answer([payload for payload, _ in rows(tiny)][:4])
    assert [one.status for one in found] == [200, 500, 200, 200]
    assert found[1].body["error"] == {
        "code": "model_failed",
        "message": "model must predict this sample, got an error of its own.",
    }
    assert "secret of the model" in caplog.text


def test_a_sample_that_does_not_fit_in_memory_is_said(served: ServedRun, tiny: Path, monkeypatch: Any) -> None:
    def fail(samples: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(served, "_predict", fail)
    (found,) = served.answer([next(rows(tiny))[0]])
    assert (found.status, found.body["error"]["code"]) == (413, "too_large")


def test_a_run_is_described_by_its_inputs_and_its_own_predictions(served: ServedRun, run: RunFolder) -> None:
    found = served.describe()
    assert (found.run, found.task, [one.name for one in found.inputs]) == (run.id, "Classification", ["image", "text"])
    assert len(found.reference["classes"]) == len(found.reference["scores"]) == 6 and found.epsilon is None


def test_a_run_without_predictions_has_nothing_to_compare_with(tmp_path: Path) -> None:
    assert read_reference(RunFolder(tmp_path)) == {}


@pytest.mark.parametrize("line", ["{", "3", '"a"', "[[1]]", "[" * 100_000])
def test_predictions_of_another_form_are_refused_by_name(tmp_path: Path, line: str) -> None:
    folder = RunFolder(tmp_path)
    folder.predictions("test").parent.mkdir()
    folder.predictions("test").write_text(line)
    with pytest.raises(DataError, match="predictions must be a JSON object a line, got"):
        read_reference(folder)


def test_scores_that_are_no_numbers_are_not_compared_with(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.predictions("test").parent.mkdir()
    folder.predictions("test").write_text(
        '{"label": "a", "score": NaN}\n{"label": ["a"], "score": 1e999}\n{"score": 0.5}'
    )
    assert read_reference(folder) == {"classes": ["a"], "scores": [0.5]}
