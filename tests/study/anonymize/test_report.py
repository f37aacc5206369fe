from __future__ import annotations

from mmexp.study.anonymize.report import lines


def test_the_report_says_what_was_done_and_what_was_not():
    found = {
        "table": "t.jsonl",
        "rows": 2,
        "columns": {"text": {"email": 3}, "title": {}},
        "texts": ["text"],
        "guessed": True,
        "untouched": ["label"],
        "salt": "random, not kept",
    }
    text = "\n".join(lines(found))
    assert "text: email 3" in text and "title: nothing found" in text and "Untouched: label" in text
    assert "look like prose: text." in text and "Not looked for: names by themselves" in text
    assert "look like prose" not in "\n".join(lines({**found, "guessed": False}))
