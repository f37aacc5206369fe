from __future__ import annotations

import pytest

from mmexp.dataset.kind.transcript import TranscriptKind, read_transcript


def test_a_transcript_is_a_text():
    assert read_transcript("zero") == "zero"
    for wrong in (0, " ", ["zero"]):
        with pytest.raises(ValueError, match="must be a text, got"):
            read_transcript(wrong)


def test_transcripts_are_summarised_by_their_units():
    found = TranscriptKind().summarise(["ab", "b a"])
    assert found["word"] == ["a", "ab", "b"] and {"a", "b"} <= set(found["char"])
