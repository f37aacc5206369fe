"""What every encoder promises; a new YAML below conf/encoder is taken up by itself."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from mmexp.contract import Batch, Padded, Waveform
from mmexp.encoder.base import Encoder
from mmexp.layer.narrow_convolution import keep_float32
from mmexp.pool.mean import MeanPool
from mmexp.transform.audio import AudioTransform
from mmexp.transform.image import ImageTransform
from mmexp.transform.tabular import TabularTransform
from mmexp.transform.vector import VectorTransform

CONF = Path(__file__).resolve().parents[2] / "conf/encoder"
NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in CONF.glob("*/*.yaml"))
DIM = 8
RAW = {
    "image": [np.full((40, 50, 3), 90, np.uint8), np.arange(3000, dtype=np.uint32).astype(np.uint8).reshape(20, 50, 3)],
    "text": ["a red ball", ["two cats", "the blue box left of a ball"]],
    "audio": [Waveform(np.sin(np.arange(n) * 0.3).astype(np.float32), 4000) for n in (500, 1700)],
    "vector": [[0.5, -2, 3], [1.5, 0, 0.1]],
    "words": [["a", "red", "ball"], ["two", "cats", ".", "left", "of"]],
    "video": [
        np.full((2, 20, 24, 3), 90, np.uint8),
        np.arange(4800, dtype=np.uint32).astype(np.uint8).reshape(4, 20, 20, 3),
    ],
    "tabular": [{"age": 3, "city": "aa"}, {"age": 5.5, "city": "zz"}],
    "symbols": [["a", "c", "z"], ["b", "a", "c", "c", "b"]],
}
SETTINGS = {"text": {"vocab_size": 14, "max_length": 16}, "symbols": {"symbols": ["a", "b", "c"], "num_heads": 2}}
TRANSFORMS = {
    "image": lambda: ImageTransform(image_size=32),
    "audio": lambda: AudioTransform(sample_rate=4000),
    "vector": lambda: VectorTransform(width=3),
    "tabular": lambda: TabularTransform(
        columns=[{"name": "age", "mean": 4.0, "std": 1.0}, {"name": "city", "values": ["aa", "bb"]}]
    ),
}
PARTS = {"text": "text/transformer", "image": "image/cnn"}


@pytest.fixture
def make(tokenizer, tmp_path, tiny_models):
    (tmp_path / "edges.jsonl").write_text('["a", "b", "c"]\n["c", "b", "a"]\n')

    def make(name: str) -> Encoder:
        module, _, kind = OmegaConf.load(CONF / f"{name}.yaml")._target_.rpartition(".")
        modality, build = name.split("/")[0], getattr(import_module(module), kind)
        offered = {"dim": DIM, "tokenizer": tokenizer, "depth": 1, "transform": TRANSFORMS.get(modality, str)()}
        offered |= {"model": tiny_models.get(modality)} if name.endswith("/hf") else {}
        offered |= {"pool": MeanPool(), "edges": str(tmp_path / "edges.jsonl"), **SETTINGS.get(modality, {})}
        asked = signature(build).parameters
        parts = {part: make(option) for part, option in PARTS.items() if part in asked}
        return build(**{key: value for key, value in offered.items() if key in asked}, **parts)

    return make


def batch(encoder: Encoder, name: str, missing: tuple[bool, ...] = (False, True, False)) -> Padded:
    """Three samples, as the datamodule makes them; the second one is missing."""
    first, last = map(encoder.transform.prepare, RAW[name.split("/")[0]])
    return encoder.transform.collate(
        [None if gone else item for item, gone in zip((first, first, last), missing, strict=True)]
    )


@pytest.mark.parametrize("name", NAMES)
def test_tokens_have_the_width_and_a_missing_row_has_none(make, name):
    encoder = make(name).eval()
    tokens = encoder(batch(encoder, name))
    assert isinstance(encoder, Encoder) and tokens.features.shape[2] == DIM and tokens.features.isfinite().all()
    assert tokens.present.tolist() == [True, False, True]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("missing", [(False, True, False), (True, True, True)])
def test_training_on_missing_rows_gives_finite_gradients(make, name, missing):
    encoder = make(name).train()
    tokens = encoder(batch(encoder, name, missing))
    (tokens.features * tokens.mask.unsqueeze(-1)).square().sum().backward()
    grads = [p.grad for p in encoder.parameters() if p.grad is not None]
    assert grads and all(grad.isfinite().all() for grad in grads)
    assert all(missing) != any(grad.any() for grad in grads)


@pytest.mark.parametrize("name", NAMES)
def test_rows_do_not_see_one_another(make, name):
    encoder = make(name).eval()
    inputs = batch(encoder, name)
    rows = Batch({"x": inputs}, {}, ()).rows(slice(2, None))
    whole, alone = encoder(inputs), encoder(rows.inputs["x"])
    torch.testing.assert_close(whole.features[2:], alone.features, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_autocast_stays_finite_and_near(make, name):
    encoder = make(name).eval()
    keep_float32(encoder)  # as a model does
    inputs = batch(encoder, name)
    with torch.autocast("cpu", torch.bfloat16):
        tokens = encoder(inputs)
    exact = encoder(inputs)
    assert tokens.features.isfinite().all()
    far = (tokens.features.float() - exact.features)[exact.mask].abs().mean() / exact.features[exact.mask].abs().mean()
    assert far < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_a_state_dict_carries_everything(make, name):
    encoder, twin = make(name).train(), make(name)
    encoder(batch(encoder, name))
    twin.load_state_dict(encoder.state_dict())
    inputs = batch(encoder, name)
    assert torch.equal(encoder.eval()(inputs).features, twin.eval()(inputs).features)


def test_an_encoder_without_a_forward_cannot_be_built():
    with pytest.raises(TypeError, match=r"abstract method '?forward"):
        Encoder()
