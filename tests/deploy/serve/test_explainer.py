from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmexp.api.predict import predict
from mmexp.deploy.serve.exchange import Payload, Upload
from mmexp.deploy.serve.explainer import Explainer, TooSlow
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.served import ServedRun
from mmexp.run.folder import RunFolder

pytest.importorskip("captum")


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("explained")).train("training.epochs=1")


@pytest.fixture(scope="module")
def served(run: RunFolder) -> ServedRun:
    return ServedRun.load(str(run.path), (), Limits(batch=4))


@pytest.fixture
def values(tiny: Path) -> dict[str, Any]:
    image = next(tiny.glob("*.png"))
    return {"image": Upload(image.read_bytes(), ".png"), "text": "a red thing 3"}


def test_the_contributions_are_of_the_answer_that_predict_gives(
    served: ServedRun, run: RunFolder, values: dict[str, Any], tiny: Path
) -> None:
    (answer,) = served.answer([Payload("a", values, "contribution")])
    (row,) = predict(run.path, {"image": str(next(tiny.glob("*.png"))), "text": values["text"]})
    body = answer.body
    assert (answer.status, body["id"], body["answer"], body["absent"]) == (200, "a", row["label"], "missing")
    assert body["score"] == pytest.approx(row["score"], abs=1e-5)
    assert list(body["contribution"]) == ["image", "text"]
    assert sum(body["contribution"].values()) == pytest.approx(body["score"] - body["without"], abs=1e-5)


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients"])
def test_each_part_is_named_with_what_it_does_and_an_image_has_its_heat_map(
    served: ServedRun, values: dict[str, Any], method: str
) -> None:
    (answer,) = served.answer([Payload("a", values, "explain", method)])
    inputs = answer.body["inputs"]
    assert (answer.status, answer.body["method"]) == (200, method)
    assert [one["name"] for one in inputs["text"]["parts"]] == ["a", "red", "thing", "3"] and inputs["text"]["words"]
    assert len(inputs["image"]["parts"]) == 64 and not inputs["image"]["words"]
    assert all(isinstance(one["value"], float) for own in inputs.values() for one in own["parts"])
    with Image.open(io.BytesIO(base64.b64decode(inputs["image"]["heat_map"]["base64"]))) as shown:
        assert shown.size == (512, 256)


def test_what_takes_longer_than_the_limit_is_a_504_and_ends_in_time(
    served: ServedRun, run: RunFolder, values: dict[str, Any]
) -> None:
    slow = ServedRun(run, served.explainer._trained, Limits(batch=1, explain=1e-9))
    began = time.monotonic()
    for want in ("contribution", "explain"):
        (answer,) = slow.answer([Payload("a", values, want, "occlusion")])
        assert (answer.status, answer.body["error"]["code"]) == (504, "timeout")
    assert time.monotonic() - began < 60
    with pytest.raises(TooSlow, match="explanation must take at most 1e-09 s, got none until then"):
        slow.explainer._clock()()


def test_a_broken_request_is_refused_and_a_model_that_fails_is_a_500(
    served: ServedRun, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    (answer,) = served.answer([Payload("a", {"image": Upload(b"broken")}, "explain", "occlusion")])
    assert answer.status == 422

    def fail(*arguments: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("mmexp.deploy.serve.explainer.contribute_to_sample", fail)
    (answer,) = served.answer([Payload("a", values, "contribution")])
    assert (answer.status, answer.body["error"]["code"]) == (500, "model_failed") and "secret" not in str(answer.body)


def test_inputs_that_have_no_parts_are_refused(
    served: ServedRun, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    monkeypatch.setattr("mmexp.study.explain.question.kind_of", lambda transform: None)
    (answer,) = served.answer([Payload("a", values, "explain", "occlusion")])
    assert answer.status == 422 and answer.body["error"]["message"] == (
        "explain: one input must be of a kind that can be divided into parts, got image, text."
    )


def test_without_captum_or_a_score_nothing_can_be_asked_for(served: ServedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    own = served.explainer
    assert (own.scored, own.methods) == (True, ("occlusion", "integrated_gradients"))
    monkeypatch.setattr("mmexp.deploy.serve.explainer.find_spec", lambda name: None)
    assert (own.scored, own.methods) == (True, ())
    monkeypatch.setattr(Explainer, "scored", False)
    assert own.methods == ()
