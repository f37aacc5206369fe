from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import torch

from mmexp.contract import Waveform
from mmexp.transform.hf_audio import HfAudioTransform

CLIP = Waveform(np.linspace(-1, 1, 800, dtype=np.float32), 8000)


def make(folder: str | Path, seconds: float = 1.0) -> HfAudioTransform:
    return HfAudioTransform(folder=str(folder), sample_rate=8000, max_seconds=seconds)


def test_values_are_those_of_the_extractor(tiny_wav2vec: str):
    found = make(tiny_wav2vec).prepare(CLIP)
    assert found.share == 1 and found.values.shape == (800,) and found.nbytes == 3200
    torch.testing.assert_close(found.values.std(correction=0), torch.tensor(1.0), rtol=1e-3, atol=1e-3)


def test_it_goes_to_a_worker_as_a_path(tiny_wav2vec: str):
    transform = make(tiny_wav2vec)
    transform.prepare(CLIP)
    again = pickle.loads(pickle.dumps(transform))
    assert torch.equal(again.prepare(CLIP).values, transform.prepare(CLIP).values)


def test_what_it_does_depends_on_the_extractor_not_on_its_place(tiny_wav2vec: str, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_wav2vec, tmp_path / "copy"))
    assert make(tiny_wav2vec).describe() == make(copy).describe() != make(copy, 2.0).describe()
    config = copy / "preprocessor_config.json"
    config.write_text(config.read_text().replace("true", "false"))
    assert make(tiny_wav2vec).describe() != make(copy).describe()
