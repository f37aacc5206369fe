from __future__ import annotations

from mmexp.config.fetched import change_fetched, without_fetched

NODE = {
    "_target_": "x.Captioning",
    "weights": {"a": 1},
    "decoder": {"_target_": "x.Decoder", "pretrained": True, "prefix": {"_target_": "x.Text", "vectors": "v.txt"}},
}


def test_only_what_says_where_weights_start_from_is_left_out():
    left = {"_target_": "x.Decoder", "prefix": {"_target_": "x.Text"}}
    assert without_fetched(NODE, "task") == {**NODE, "decoder": left}
    encoder = {"_target_": "x.Text", "pretrained": True, "model": "m", "transform": {"size": 1}}
    kept = {"_target_": "x.Text", "model": "m", "transform": {"size": 1}}
    assert without_fetched({"text": encoder}, "encoder") == {"text": kept}
    assert without_fetched(encoder, "encoder.text") == kept


def test_components_that_fetch_nothing_are_not_changed():
    seen = []
    change_fetched(NODE, "task", lambda node, path, slot: seen.append(path) or node)
    assert seen == ["task.decoder", "task.decoder.prefix"]
