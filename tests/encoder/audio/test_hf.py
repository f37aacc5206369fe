from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor, AutoModel, WhisperConfig, WhisperFeatureExtractor, WhisperModel

from mmexp.contract import Waveform
from mmexp.encoder.audio.hf import HfAudioEncoder
from mmexp.error import ConfigError

CLIPS = [np.random.default_rng(i).normal(size=size).astype(np.float32) for i, size in enumerate((4000, 2400, 4000))]


def make(folder: str | Path, **settings: object) -> HfAudioEncoder:
    return HfAudioEncoder(dim=8, model=str(folder), pretrained=True, **settings).eval()


def prepared(encoder: HfAudioEncoder, *clips: np.ndarray | None):
    waves = [None if clip is None else Waveform(clip, 8000) for clip in clips]
    return encoder.transform.collate([None if wave is None else encoder.transform.prepare(wave) for wave in waves])


def test_a_waveform_becomes_what_the_model_and_its_extractor_make_of_it(tiny_wav2vec: str):
    encoder = make(tiny_wav2vec)
    extractor, model = (
        AutoFeatureExtractor.from_pretrained(tiny_wav2vec),
        AutoModel.from_pretrained(tiny_wav2vec).eval(),
    )
    found = encoder.extract(prepared(encoder, *CLIPS))
    for row, clip in enumerate(CLIPS):
        theirs = model(extractor(clip, sampling_rate=8000, return_tensors="pt").input_values).last_hidden_state[0]
        torch.testing.assert_close(found.features[row, found.mask[row]], theirs, rtol=1e-4, atol=1e-5)
    assert encoder(prepared(encoder, *CLIPS)).features.shape[-1] == 8


def test_a_missing_clip_and_one_that_is_too_short_have_no_token(tiny_wav2vec: str):
    encoder = make(tiny_wav2vec)
    tokens = encoder(prepared(encoder, None, CLIPS[0], CLIPS[0][:30]))
    assert tokens.present.tolist() == [False, True, False] and tokens.features.isfinite().all()
    assert encoder(prepared(encoder, None)).present.tolist() == [False]


def test_the_lengths_of_waveforms_are_known_without_asking_the_device(tiny_wav2vec: str):
    encoder = make(tiny_wav2vec)
    batch = prepared(encoder, *CLIPS, None)
    unreadable = replace(batch, mask=batch.mask.to("meta"))
    torch.testing.assert_close(encoder.extract(unreadable).features, encoder.extract(batch).features)
    assert batch.lengths == (4000, 2400, 4000, 0)


def test_audio_of_another_rate_is_resampled_and_longer_audio_is_cut(tiny_wav2vec: str):
    encoder = make(tiny_wav2vec, max_seconds=0.25)
    assert len(encoder.transform.prepare(Waveform(CLIPS[0], 16000)).values) == 2000
    assert len(encoder.transform.prepare(Waveform(CLIPS[0], 8000)).values) == 2000
    assert encoder.transform.length(Waveform(CLIPS[0], 8000)) == 0.5


def test_of_a_spectrogram_the_frames_of_its_padding_are_masked(tmp_path: Path):
    sizes = {"d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "vocab_size": 9}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = WhisperConfig(**sizes, **ids, decoder_attention_heads=2, num_mel_bins=8, max_source_positions=100)
    WhisperModel(config).save_pretrained(tmp_path)
    WhisperFeatureExtractor(feature_size=8, sampling_rate=16000, chunk_length=2).save_pretrained(tmp_path)
    encoder = make(tmp_path)
    tokens = encoder(prepared(encoder, CLIPS[0], None))  # half a second of two
    assert tokens.features.shape == (2, 100, 8) and tokens.mask.sum(1).tolist() == [25, 0]


def test_a_model_that_does_not_say_its_rate_is_refused(tiny_wav2vec: str, tmp_path: Path):
    AutoModel.from_pretrained(tiny_wav2vec).save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"do_normalize": True}))
    with pytest.raises(ConfigError, match=r"must say its sampling_rate in preprocessor_config.json, got none"):
        make(tmp_path)
