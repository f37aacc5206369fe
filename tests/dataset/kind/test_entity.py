from __future__ import annotations

from mmexp.dataset.kind.entity import EntityKind


def test_a_tail_is_asked_for_with_head_and_relation() -> None:
    kind = EntityKind()
    assert set(kind.inputs) == {"head", "relation", "asked"} and kind.encoder == "symbols"
    assert set(kind.companions["tail"]) == {"head", "relation"}
    assert kind.read_target("bo") == "bo"
