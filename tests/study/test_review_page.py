from __future__ import annotations

import numpy as np

from mmexp.contract import Sample, Waveform
from mmexp.study.review_page import review_page

BAD = "<script>alert(1)</script>"


def test_the_page_shows_each_sample_with_its_inputs_and_executes_nothing():
    samples = [
        Sample("s0", {"image": np.zeros((8, 8, 3), np.uint8), "text": BAD}, {}),
        Sample("s1", {"audio": Waveform(np.zeros(80, np.float32), 8000)}, {}),
        Sample("other", {"text": "not asked for"}, {}),
    ]
    found = {
        "split": "test",
        "samples": 40,
        "flagged": 1,
        "estimated_share": 0.025,
        "notes": [BAD],
        "mislabelled": [{"id": "s0", "target": BAD, "suggested": "b", "self_confidence": 0.01, "margin": -0.9}],
        "uncertain": [{"id": "s1", "target": ["a", "b"], "scores": {"a": 0.5, BAD: 0.49}, "uncertainty": 0.99}],
    }
    page = review_page(found, samples, f"mmexp review {BAD}", "2025-01-01")
    assert page.count("data:image/jpeg;base64,") == 1 and page.count("data:audio/wav;base64,") == 1
    assert BAD not in page and "&lt;script&gt;" in page and "not asked for" not in page
    assert "2.5%" in page and "a, b" in page and "http://" not in page and "https://" not in page
    assert "default-src &#x27;none&#x27;" in page
