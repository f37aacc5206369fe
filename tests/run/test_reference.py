from __future__ import annotations

import pytest

from mmexp.run.reference import not_one


@pytest.mark.parametrize(
    ("matches", "known", "message", "hint"),
    [
        (["x/1", "x/12"], ["1", "12"], "id must name one run, got '1' for 2.", "Choose one of: x/1, x/12."),
        ([], [], "id must name a run, got '1' but outputs holds none.", "Run: mmexp train"),
        ([], ["7", "8", "9", "10"], "id must name a run in outputs, got '1'.", "Nearest: 10."),
        ([], ["7", "8", "9", "2"], "id must name a run in outputs, got '1'.", "Nearest: 2, 9, 8."),
    ],
)
def test_it_says_what_there_is(matches: list[str], known: list[str], message: str, hint: str):
    error = not_one("1", matches, known, "outputs")
    assert (str(error), error.hint) == (f"run: {message}", hint)
