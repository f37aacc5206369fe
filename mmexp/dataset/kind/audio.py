"""Audio: WAV, FLAC, OGG and MP3 files, which become mono float32 at their own rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mmexp.contract import Waveform
from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.media import FileKind, Refused, decoding, opened

MAX_SAMPLES = 50_000_000
_RIFF_SLACK = 8


class AudioKind(FileKind):
    """Recordings, as Waveform."""

    suffixes = (".wav", ".flac", ".ogg", ".mp3")
    inputs = {"audio": ("audio",)}
    targets = {"audio": ()}
    order = 20

    def open(self, path: Path) -> Waveform:
        return read_audio(path)

    def inspect(self, content: Waveform) -> Mapping[str, Any]:
        return {"rate": content.rate, "seconds": len(content.samples) / content.rate}

    def describe_files(self, inspected: Iterable[Inspection]) -> Mapping[str, Any]:
        """Return the most frequent ``sample_rate``, in Hz."""
        rates = Counter(one.facts["rate"] for one in inspected)
        return {"sample_rate": rates.most_common(1)[0][0]} if rates else {}


def read_audio(path: Path) -> Waveform:
    """Decode a recording and average its channels.

    Raises:
        ValueError: If it is not whole audio of at most MAX_SAMPLES.
    """
    import soundfile

    with opened(path) as file, decoding("audio that decodes"):
        _refuse_short_wav(file, path.stat().st_size)
        with soundfile.SoundFile(file) as audio:
            if audio.frames * audio.channels > MAX_SAMPLES:
                got = f"{audio.frames} x {audio.channels} channels"
                raise Refused(f"must have at most {MAX_SAMPLES} samples, got {got}")
            samples = audio.read(dtype="float32", always_2d=True).mean(1)
            if not 0 < len(samples) == audio.frames:
                raise Refused(f"must hold the {audio.frames} samples of its header, at least 1, got {len(samples)}")
        if not np.isfinite(samples).all():
            raise Refused("must be finite audio, got NaN or infinity")
        return Waveform(samples, audio.samplerate)


def _refuse_short_wav(file: BinaryIO, size: int) -> None:
    """Refuse a WAV that ends early, which the decoder takes for a short one; sizes 0 and 2^32 - 1 mean a stream."""
    head = file.read(8)
    file.seek(0)
    size_in_header = int.from_bytes(head[4:], "little")
    if head[:4] == b"RIFF" and size_in_header not in (0, 0xFFFFFFFF) and size_in_header > size + _RIFF_SLACK - 8:
        raise Refused(f"must be as long as its header says, {size_in_header + 8} bytes, got {size}")
