from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mmexp.dataset.kind.audio import AudioKind, read_audio
from mmexp.dataset.kind.inspection import Inspection


def tone(seconds: float = 0.1, rate: int = 8000) -> np.ndarray:
    return (0.5 * np.sin(np.arange(int(seconds * rate)) * 0.1)).astype(np.float32)


@pytest.mark.parametrize(("kind", "rate"), [("wav", 8000), ("flac", 22050), ("ogg", 16000)])
def test_audio_is_read_at_its_own_rate(tmp_path: Path, kind: str, rate: int) -> None:
    soundfile.write(tmp_path / f"x.{kind}", tone(rate=rate), rate)
    read = read_audio(tmp_path / f"x.{kind}")
    assert read.rate == rate and read.samples.dtype == np.float32 and read.samples.ndim == 1
    np.testing.assert_allclose(read.samples, tone(rate=rate), atol=0.1 if kind == "ogg" else 1e-4)


def test_channels_are_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.stack([tone(), -tone() / 2], 1), 8000, "FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "x.wav").samples, tone() / 4, atol=1e-6)


@pytest.mark.parametrize("kind", ["wav", "flac"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_audio_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / f"x.{kind}"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 8000), 8000)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(
        ValueError, match=r"must be (as long as its header says|audio that decodes)|samples of its header"
    ):
        read_audio(path)


def test_a_wav_of_unknown_length_as_streams_write_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(), 8000)
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff" * 4
    path.write_bytes(content)
    assert len(read_audio(path).samples) == len(tone())


def test_audio_that_is_empty_not_finite_too_long_or_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros(0), 8000)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        read_audio(path)
    soundfile.write(path, np.array([0.0, np.nan]), 8000, "FLOAT")
    with pytest.raises(ValueError, match="must be finite audio, got NaN"):
        read_audio(path)
    soundfile.write(path, tone(), 8000)
    monkeypatch.setattr("mmexp.dataset.kind.audio.MAX_SAMPLES", 799)
    with pytest.raises(ValueError, match="must have at most 799 samples, got 800 x 1 channels"):
        read_audio(path)
    with pytest.raises(ValueError, match="must be audio that decodes, got"):
        (tmp_path / "y.wav").write_text("no audio")
        read_audio(tmp_path / "y.wav")


def test_the_most_frequent_rate_is_a_fact():
    files = [Inspection(facts={"rate": rate}) for rate in (8000, 16000, 8000)]
    assert AudioKind().describe_files(files) == {"sample_rate": 8000} and AudioKind().describe_files([]) == {}
