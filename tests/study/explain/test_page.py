from __future__ import annotations

from dataclasses import replace

import torch

from mmexp.study.explain.explain import explain
from mmexp.study.explain.page import explanation_page

BAD = "<script>alert(1)</script>"


def test_the_page_shows_each_input_by_method_and_executes_nothing(trained, sample):
    (one,) = explain(trained, [replace(sample, id=BAD)], ["occlusion"])
    values = one.values["occlusion"].clone()
    values[:64] = torch.nan
    shown = replace(one, values={"occlusion": one.values["occlusion"], "other": values})
    known = {"value": 0.1, "low": 0.05, "high": 0.2}
    found = {
        "run": "r",
        "date": "today",
        "command": ["mmexp", "explain", BAD],
        "methods": {"occlusion": {"deletion_gain": known}},
    }
    page = explanation_page([shown], found)
    assert BAD not in page and "data:image/png;base64," in page and 'class="w ' in page
    assert "left out: this method does not apply to it" in page and "0.100 (0.050 to 0.200)" in page
    assert "says how much" not in page
    found["methods"]["attention"] = {}
    assert "Red of attention says how much, and speaks neither for nor against." in explanation_page([shown], found)
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page and " style=" not in page
