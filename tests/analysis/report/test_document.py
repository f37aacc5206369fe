from __future__ import annotations

import base64
import hashlib
import html
import re

from mmexp.analysis.report.document import document
from mmexp.analysis.report.html import tag


def test_a_page_allows_its_own_style_and_script_and_nothing_else():
    page = document("a < b", tag("p", "<i>"), rules=".own { color: red; }")
    assert page.startswith("<!doctype html>\n<html lang") and "<title>a &lt; b</title>" in page and "&lt;i&gt;" in page
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]*)"', page)[1])
    for name in ("style", "script"):
        own = re.search(f"<{name}>(.*?)</{name}>", page, re.DOTALL)[1]
        assert f"{name}-src 'sha256-{base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()}'" in policy
    assert ".own { color: red; }" in page and policy.startswith("default-src 'none';")
